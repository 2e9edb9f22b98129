//! Counters for Prometheus.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// All counters of a server. Each server has its own registry, so that tests
/// can run several in one process.
pub struct Metrics {
    /// Items answered from a kept body.
    pub item_hits: IntCounter,
    /// Items that were rendered to be answered.
    pub item_misses: IntCounter,
    channel_held: IntGaugeVec,
    channel_lag_revisions: IntGaugeVec,
    channel_mismatches: IntGaugeVec,
    channel_revision: IntGaugeVec,
    durations: HistogramVec,
    frozen: IntGauge,
    halted: IntGauge,
    published: IntGauge,
    registry: Registry,
    revision: IntGauge,
    tallies: Mutex<Vec<Arc<Tally>>>,
}

/// A worker's own count, alone in its lines of the cache: of a counter that
/// all workers write to, each of them would have to fetch it from another.
#[derive(Default)]
#[repr(align(128))]
pub struct Tally(AtomicU64);

impl Tally {
    /// Counts one.
    pub fn inc(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a scrape says about one channel.
#[derive(Debug, Clone, Copy)]
pub struct ChannelFigures<'a> {
    /// Its id.
    pub channel: &'a str,
    /// Items held back.
    pub held: u64,
    /// Revisions that it does not show yet.
    pub lag_revisions: u64,
    /// Items that differ.
    pub mismatches: u64,
    /// The revision it holds.
    pub revision: u64,
}

/// What a scrape says about the whole.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Whether egress is frozen.
    pub frozen: bool,
    /// Whether the log is halted.
    pub halted: bool,
    /// The last revision that the broker confirmed.
    pub published: u64,
    /// The last revision in the log.
    pub revision: u64,
}

const BUCKETS_S: [f64; 12] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0,
];

impl Metrics {
    /// New counters. Fails only where two have the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let by_channel = |name: &str, help: &str| {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &["channel"])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, prometheus::Error>(gauges)
        };
        let durations = HistogramOpts::new(
            "offercast_http_request_duration_seconds",
            "Time to answer, by route. Items answered from kept bodies are counted in offercast_item_hits_total only.",
        )
        .buckets(BUCKETS_S.to_vec());
        let durations = HistogramVec::new(durations, &["method", "route", "status"])?;
        registry.register(Box::new(durations.clone()))?;
        Ok(Self {
            item_hits: counter(
                "offercast_item_hits_total",
                "Items answered from a kept body.",
            )?,
            item_misses: counter(
                "offercast_item_misses_total",
                "Items that were rendered to be answered.",
            )?,
            channel_held: by_channel(
                "offercast_channel_held_items",
                "Items that the channel holds back.",
            )?,
            channel_lag_revisions: by_channel(
                "offercast_channel_lag_revisions",
                "Revisions that the channel does not show yet.",
            )?,
            channel_mismatches: by_channel(
                "offercast_channel_mismatches",
                "Items that the channel shows differently.",
            )?,
            channel_revision: by_channel(
                "offercast_channel_revision",
                "The revision that the channel holds.",
            )?,
            durations,
            frozen: gauge("offercast_frozen", "1 while egress is frozen.")?,
            halted: gauge(
                "offercast_halted",
                "1 while the log waits for a person to open an epoch.",
            )?,
            published: gauge(
                "offercast_published_revision",
                "The last revision that the broker confirmed.",
            )?,
            revision: gauge("offercast_revision", "The last revision in the log.")?,
            registry,
            tallies: Mutex::default(),
        })
    }

    /// A tally of items answered from a kept body, for one worker; a scrape
    /// adds it to `item_hits`.
    pub fn item_hits_tally(&self) -> Arc<Tally> {
        let tally = Arc::<Tally>::default();
        // Nothing in between can leave the list half changed.
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.push(Arc::clone(&tally));
        tally
    }

    /// Counts an answer.
    pub fn observe(&self, method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
        // Methods that nobody implements must not make a series each.
        let method = match method.as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE") => known,
            _ => "other",
        };
        self.durations
            .with_label_values(&[method, route, status.as_str()])
            .observe(elapsed.as_secs_f64());
    }

    /// The text of a scrape, with the figures of this moment.
    pub fn scrape<'a>(
        &self,
        figures: Figures,
        channels: impl IntoIterator<Item = ChannelFigures<'a>>,
    ) -> Result<String, prometheus::Error> {
        for tally in &*self.tallies.lock().unwrap_or_else(PoisonError::into_inner) {
            self.item_hits.inc_by(tally.0.swap(0, Ordering::Relaxed));
        }
        self.frozen.set(i64::from(figures.frozen));
        self.halted.set(i64::from(figures.halted));
        self.published.set(signed(figures.published));
        self.revision.set(signed(figures.revision));
        let all = [
            &self.channel_held,
            &self.channel_lag_revisions,
            &self.channel_mismatches,
            &self.channel_revision,
        ];
        // A channel that ended must not stay in the figures.
        all.iter().for_each(|gauges| gauges.reset());
        for channel in channels {
            let values = [
                channel.held,
                channel.lag_revisions,
                channel.mismatches,
                channel.revision,
            ];
            for (gauges, value) in all.iter().zip(values) {
                gauges
                    .with_label_values(&[channel.channel])
                    .set(signed(value));
            }
        }
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_names_channels_of_this_moment_only() {
        let metrics = Metrics::new().unwrap();
        metrics.item_hits.inc();
        let worker = metrics.item_hits_tally();
        worker.inc();
        metrics.observe(
            &Method::GET,
            "/v1/channels",
            StatusCode::OK,
            Duration::from_millis(2),
        );
        let figures = Figures {
            frozen: false,
            halted: true,
            published: 4,
            revision: 5,
        };
        let channel = |channel| ChannelFigures {
            channel,
            held: 1,
            lag_revisions: 0,
            mismatches: 2,
            revision: 5,
        };
        metrics.scrape(figures, [channel("old")]).unwrap();
        worker.inc();
        let text = metrics.scrape(figures, [channel("site")]).unwrap();
        assert!(text.contains("offercast_item_hits_total 3"), "{text}");
        assert!(
            text.contains("offercast_channel_mismatches{channel=\"site\"} 2"),
            "{text}"
        );
        assert!(
            text.contains("offercast_halted 1") && !text.contains("\"old\""),
            "{text}"
        );
        assert!(text.contains("route=\"/v1/channels\""), "{text}");
    }
}
