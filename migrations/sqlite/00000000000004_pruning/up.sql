-- A word of a channel may go when a later one about the same position replaced
-- it and it told of nothing wrong; the rest of the history stays.
DROP TRIGGER acknowledgements_no_delete;
CREATE TRIGGER acknowledgements_no_delete BEFORE DELETE ON acknowledgements FOR EACH ROW WHEN
    OLD.mismatches <> 0 OR OLD.stopped OR NOT EXISTS (
        SELECT 1 FROM acknowledgements AS later
        WHERE later.channel = OLD.channel AND later.number > OLD.number
            AND later.epoch = OLD.epoch AND later.revision = OLD.revision AND later.horizon = OLD.horizon
    )
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: DELETE of acknowledgements refused');
END;
