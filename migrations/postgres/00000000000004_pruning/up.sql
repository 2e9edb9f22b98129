-- A word of a channel may go when a later one about the same position replaced
-- it and it told of nothing wrong; the rest of the history stays.
CREATE FUNCTION offercast_refuse_loss() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.mismatches = 0 AND NOT OLD.stopped AND EXISTS (
        SELECT 1 FROM acknowledgements AS later
        WHERE later.channel = OLD.channel AND later.number > OLD.number
            AND later.epoch = OLD.epoch AND later.revision = OLD.revision AND later.horizon = OLD.horizon
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the log is append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER acknowledgements_no_delete ON acknowledgements;
CREATE TRIGGER acknowledgements_no_delete BEFORE DELETE ON acknowledgements FOR EACH ROW EXECUTE FUNCTION offercast_refuse_loss();
