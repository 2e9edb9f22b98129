//! A way that can be cut: to the broker, to the database, to a server.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// What the proxy does with connections.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    /// Passes bytes to this address.
    Pass(String),
    /// As before, but what the client says is lost.
    Mute,
    /// Takes connections and passes nothing.
    Hang,
    /// Ends connections as soon as they are made.
    Refuse,
}

/// A proxy on a free port of this machine. A change of mode ends what passes.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    target: String,
    mode: Arc<watch::Sender<Mode>>,
}

impl Proxy {
    pub(crate) async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, modes) = watch::channel(Mode::Pass(target.to_owned()));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, modes.clone()));
            }
        });
        Self {
            address,
            target: target.to_owned(),
            mode: Arc::new(mode),
        }
    }

    /// A proxy to where the URL leads, and the URL through it.
    pub(crate) async fn before(url: &Url, usual_port: u16) -> (Self, Url) {
        let host = url.host_str().unwrap();
        let port = url.port().unwrap_or(usual_port);
        let proxy = Self::start(&format!("{host}:{port}")).await;
        let mut through = url.clone();
        through.set_host(Some("127.0.0.1")).unwrap();
        through.set_port(Some(proxy.address.port())).unwrap();
        (proxy, through)
    }

    /// Ends all connections, and new ones at once.
    pub(crate) fn cut(&self) {
        self.mode.send_replace(Mode::Refuse);
    }

    /// Connections stay, and nothing passes any more.
    pub(crate) fn hang(&self) {
        self.mode.send_replace(Mode::Hang);
    }

    /// Connections stay and the client hears on, but nobody hears the client.
    pub(crate) fn mute(&self) {
        self.mode.send_replace(Mode::Mute);
    }

    /// Passes again.
    pub(crate) fn heal(&self) {
        self.mode.send_replace(Mode::Pass(self.target.clone()));
    }

    /// Leads somewhere else from now on.
    pub(crate) fn lead_to(&self, target: &str) {
        self.mode.send_replace(Mode::Pass(target.to_owned()));
    }
}

async fn pass(mut client: TcpStream, mut modes: watch::Receiver<Mode>) {
    let mode = modes.borrow_and_update().clone();
    match mode {
        Mode::Refuse => {}
        Mode::Hang | Mode::Mute => {
            let _ = modes.changed().await;
        }
        Mode::Pass(target) => {
            if let Ok(server) = TcpStream::connect(target).await {
                shovel(&mut client, server, &mut modes).await;
            }
        }
    }
}

/// Passes bytes both ways for as long as the mode allows.
async fn shovel(client: &mut TcpStream, mut server: TcpStream, modes: &mut watch::Receiver<Mode>) {
    let (mut upwards, mut downwards) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut is_muted = false;
    loop {
        let passed = tokio::select! {
            said = client.read(&mut upwards) => match said {
                Ok(0) | Err(_) => return,
                Ok(_) if is_muted => Ok(()),
                Ok(count) => server.write_all(&upwards[..count]).await,
            },
            heard = server.read(&mut downwards) => match heard {
                Ok(0) | Err(_) => return,
                Ok(count) => client.write_all(&downwards[..count]).await,
            },
            _ = modes.changed() => match &*modes.borrow_and_update() {
                Mode::Mute => {
                    is_muted = true;
                    Ok(())
                }
                Mode::Hang => break,
                // Connections that were muted have lost bytes for good.
                Mode::Pass(_) | Mode::Refuse => return,
            },
        };
        if passed.is_err() {
            return;
        }
    }
    // Both ends stay open and hear nothing until the next change.
    let _ = modes.changed().await;
}
