//! Whether this server should be given requests.

use std::time::Duration;

use crate::engine::Engine;

/// How long a part may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// One part that the server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What: `database`, `broker`, `log`.
    pub part: &'static str,
    /// What is wrong with it, in words that give nothing away; none if it answers.
    pub problem: Option<String>,
}

/// Asks the database and the broker, and looks whether the log is folded to its
/// head. A broker that is away stops nobody from editing and reading, but
/// another server may be better off.
pub async fn check(engine: &Engine) -> Vec<Check> {
    let head = tokio::time::timeout(ANSWER_WITHIN, engine.blocking(|store| store.head()));
    let broker = tokio::time::timeout(ANSWER_WITHIN, engine.broker.declare(&[]));
    let (head, broker) = tokio::join!(head, broker);
    let late = || Some("does not answer in time".to_owned());
    let refuses = || Some("does not answer as it should".to_owned());
    let (database, log) = match head {
        Err(_) => (late(), None),
        Ok(Ok(Ok(status))) => {
            let held = engine.current().position;
            let behind = (held.epoch, held.revision) < (status.head.epoch, status.head.number);
            let how = || {
                format!(
                    "revision {} is recorded, {} is held here",
                    status.head.number, held.revision
                )
            };
            (None, behind.then(how))
        }
        Ok(_) => (refuses(), None),
    };
    let broker = match broker {
        Err(_) => late(),
        Ok(Ok(())) => None,
        Ok(Err(_)) => refuses(),
    };
    vec![
        Check {
            part: "broker",
            problem: broker,
        },
        Check {
            part: "database",
            problem: database,
        },
        Check {
            part: "log",
            problem: log,
        },
    ]
}
