//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use offercast_contract::{ChannelId, Instant, Locale, MarketId, Sku, ZoneId};

/// Edit an offer once; every channel shows the same terms, and proves it.
#[derive(Debug, Parser)]
#[command(name = "offercast", version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// The configuration file (TOML). The environment (OFFERCAST_…) wins over
    /// it, flags win over both.
    #[arg(long, global = true, value_name = "FILE", env = "OFFERCAST_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything in one process, with sample data and pages to look at
    Demo(DemoArgs),
    /// Start a server: API, pages, relay
    Serve(ServeArgs),
    /// Start the adapters of channels
    Adapter(AdapterArgs),
    /// Bring the database's schema up to date
    Migrate,
    /// Import a price list as one revision
    Import(ImportArgs),
    /// Publish a file of changes as one revision
    Publish(PublishArgs),
    /// Declare a channel
    Channel(ChannelArgs),
    /// Read again what every channel shows and compare it with the terms
    ///
    /// Exit code 0 only when nothing is in mismatch, behind or unreadable; 1
    /// when something is; 2 when the question could not be asked.
    Verify(VerifyArgs),
    /// Ask a channel's adapter to render, read back and deliver again
    Resync {
        /// Which channel.
        channel: ChannelId,
        /// Which SKU; all without it.
        sku: Option<Sku>,
    },
    /// Stop all egress at once
    Freeze {
        /// Why, for those who see the board.
        reason: String,
    },
    /// Let egress go on
    Resume,
    /// Undo a revision by a new one
    Revert {
        /// The number of the revision to undo.
        revision: u64,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Declare a restored database current: adapters follow it from then on
    OpenEpoch {
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Write the terms of a market as CSV
    ExportTerms(ExportArgs),
    /// Run the adapters' conformance suite against a program in any language
    Conformance {
        /// The program; it answers on its standard output, see docs/CONTRACT.md.
        program: String,
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Compare baskets with what seven commerce systems compute
    ///
    /// Reads cases (one JSON object a line), computes each with its system's
    /// preset and prints what differs.
    QuoteCheck {
        /// The file of cases; `-` for standard input.
        file: PathBuf,
    },
    /// Make a token and print it with the lines for the configuration file
    Token {
        /// Who it is for: the author of what is done with it.
        name: String,
        /// What it allows: read, write, adapter, admin.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Where everything is kept; a second start goes on from there.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
    /// Run the adapters of these channels inside, too; `all` for all.
    #[arg(long, value_delimiter = ',', value_name = "CHANNEL")]
    pub(crate) with_adapters: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AdapterArgs {
    /// The channels to serve.
    #[arg(required = true, value_name = "NAME")]
    pub(crate) channels: Vec<ChannelId>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The price list: CSV, or CSV compressed with gzip (.gz).
    pub(crate) file: PathBuf,
    /// Into which market.
    #[arg(long)]
    pub(crate) market: MarketId,
    /// The column mapping (TOML). Without it the mapping that is built in for
    /// Croatian statutory price lists is used.
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Check everything, record nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// From when the prices hold (RFC 3339); now without it.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) effective: Option<Instant>,
    /// Zones for which the file is complete: prices of SKUs that it does not
    /// name there end.
    #[arg(long, value_name = "ZONES", value_delimiter = ',')]
    pub(crate) complete_for: Vec<ZoneId>,
    /// Make zones that the market does not have yet; without it their rows are
    /// refused.
    #[arg(long)]
    pub(crate) create_zones: bool,
    /// Why, for the log.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// A JSON list of changes; `-` for standard input.
    pub(crate) file: PathBuf,
    /// Why, for the log.
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct ChannelArgs {
    /// The channel's id.
    pub(crate) id: ChannelId,
    /// The adapter family: site, app or till.
    #[arg(long)]
    pub(crate) family: String,
    /// The market it stands in.
    #[arg(long)]
    pub(crate) market: MarketId,
    /// The zones it stands in; `all` for every zone of the market, none for
    /// the market as a whole.
    #[arg(long, value_delimiter = ',')]
    pub(crate) zones: Vec<String>,
    /// The locale it speaks.
    #[arg(long)]
    pub(crate) locale: Locale,
    /// The name on the board.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Another template than the family's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Only these channels.
    #[arg(value_name = "CHANNEL")]
    pub(crate) channels: Vec<ChannelId>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Check the log itself instead: every hash, from the first revision on.
    #[arg(long, conflicts_with = "channels")]
    pub(crate) log: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Which market.
    #[arg(long)]
    pub(crate) market: MarketId,
    /// Which zone; the market as a whole without it.
    #[arg(long)]
    pub(crate) zone: Option<ZoneId>,
    /// At which instant; now without it.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) at: Option<Instant>,
    /// As known at which revision; the newest without it.
    #[arg(long)]
    pub(crate) revision: Option<u64>,
    /// Where to write; standard output without it.
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
}
