DROP TRIGGER acknowledgements_no_delete ON acknowledgements;
CREATE TRIGGER acknowledgements_no_delete BEFORE DELETE ON acknowledgements FOR EACH ROW EXECUTE FUNCTION offercast_refuse_change();
DROP FUNCTION offercast_refuse_loss();
