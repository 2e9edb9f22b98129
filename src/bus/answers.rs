//! Takes what adapters answer to whoever keeps it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use offercast_contract::ChannelId;
use offercast_contract::message::{Answer, decode};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::PortError;
use crate::broker::{Broker, BrokerError, Incoming, Queue};

/// Why an answer was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// It can never be stored: it goes to the dead-letter queue.
    #[error("the answer is not acceptable: {0}")]
    Reject(String),
    /// It could not be stored now: it is tried again.
    #[error("the answer could not be stored")]
    Retry(#[source] PortError),
}

/// Keeps answers. Answers come at least once, possibly late: an older one must
/// not overwrite a newer.
#[async_trait]
pub trait AnswerSink: Send + Sync + 'static {
    /// Stores an answer durably; it is acknowledged to the broker afterwards.
    async fn store(&self, answer: &Answer) -> Result<(), SinkError>;
}

/// Consumes the queue of answers until `stop` is ready: decodes, stores, then
/// acknowledges. An answer that cannot be stored now is tried again for ever
/// and holds up those of its channel after it, so that their order stays; one
/// that is malformed or refused goes to the dead letters with a warning.
///
/// Channels do not wait for each other: after an edit all of them answer at
/// once, and each answer costs a commit.
///
/// Fails only when the broker says that nothing can ever come.
pub async fn run(
    broker: Arc<dyn Broker>,
    sink: Arc<dyn AnswerSink>,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), BrokerError> {
    let mut subscription = broker.subscribe(Queue::Answers).await?;
    let work = async {
        // Dropped with the subscription, which gives back what is unsettled.
        let mut lines = Lines::new(sink);
        loop {
            let incoming = subscription.next().await?;
            match decode::<Answer>(&incoming.body) {
                Ok(answer) => lines.pass(answer, incoming),
                Err(error) => settled(bury(incoming, &error.to_string()).await),
            }
        }
    };
    tokio::select! {
        () = stop => Ok(()),
        result = work => result,
    }
}

/// One task a channel. What waits in them is bounded by what the broker hands
/// out unsettled.
struct Lines {
    open: HashMap<ChannelId, UnboundedSender<(Answer, Incoming)>>,
    sink: Arc<dyn AnswerSink>,
    tasks: JoinSet<()>,
}

impl Lines {
    fn new(sink: Arc<dyn AnswerSink>) -> Self {
        Self {
            open: HashMap::new(),
            sink,
            tasks: JoinSet::new(),
        }
    }

    fn pass(&mut self, answer: Answer, incoming: Incoming) {
        let channel = match &answer {
            Answer::Acknowledgement(acknowledgement) => acknowledgement.channel.clone(),
            Answer::AuditPage(page) => page.channel.clone(),
        };
        // Closed only where the task ended, which a panic of the sink does.
        if self
            .open
            .get(&channel)
            .is_none_or(UnboundedSender::is_closed)
        {
            let line = self.open_line();
            self.open.insert(channel.clone(), line);
        }
        if let Some(line) = self.open.get(&channel) {
            // What a task that ended now leaves unsettled comes again.
            let _ = line.send((answer, incoming));
        }
    }

    fn open_line(&mut self) -> UnboundedSender<(Answer, Incoming)> {
        let (line, mut waiting) = unbounded_channel::<(Answer, Incoming)>();
        let sink = Arc::clone(&self.sink);
        self.tasks.spawn(async move {
            while let Some((answer, incoming)) = waiting.recv().await {
                settled(take(&*sink, &answer, incoming).await);
            }
        });
        line
    }
}

fn settled(result: Result<(), BrokerError>) {
    if let Err(error) = result {
        // It comes again; the sink has to bear that anyway.
        tracing::debug!(%error, "an answer could not be settled");
    }
}

async fn take(
    sink: &dyn AnswerSink,
    answer: &Answer,
    incoming: Incoming,
) -> Result<(), BrokerError> {
    let mut quiet = false;
    let stored = (|| sink.store(answer))
        .retry(backoff())
        .when(|error| matches!(error, SinkError::Retry(_)))
        .notify(|error, _| {
            if !std::mem::replace(&mut quiet, true) {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::warn!(%error, cause, "trying again until it works");
            }
        })
        .await;
    match stored {
        Ok(()) => incoming.ack().await,
        Err(error) => bury(incoming, &error.to_string()).await,
    }
}

async fn bury(incoming: Incoming, reason: &str) -> Result<(), BrokerError> {
    let bytes = incoming.body.len();
    tracing::warn!(reason, bytes, "an answer goes to the dead letters");
    incoming.reject_to_dead_letter(reason).await
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .without_max_times()
}
