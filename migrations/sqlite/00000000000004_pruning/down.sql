DROP TRIGGER acknowledgements_no_delete;
CREATE TRIGGER acknowledgements_no_delete BEFORE DELETE ON acknowledgements FOR EACH ROW BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: DELETE of acknowledgements refused');
END;
