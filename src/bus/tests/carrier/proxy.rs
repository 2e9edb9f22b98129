//! A proxy that stands between us and a real broker, to break connections
//! without disturbing anybody else's.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the proxy does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes bytes. Another number breaks the connections made before.
    Pass(u32),
    /// Takes connections and passes nothing: a broker that hangs.
    Hang,
    /// Ends connections as soon as they are made.
    Refuse,
    /// Passes so many of the broker's messages of the handshake (there are
    /// three) and ends the connection.
    Handshake(u32),
}

/// A proxy on a free port of this machine.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    mode: watch::Sender<Mode>,
    /// One clone in each connection.
    alive: Arc<()>,
}

impl Proxy {
    pub(crate) async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, modes) = watch::channel(Mode::Pass(0));
        let alive = Arc::new(());
        let counter = Arc::clone(&alive);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let passing = pass(client, target.clone(), modes.clone());
                let alive = Arc::clone(&counter);
                tokio::spawn(async move {
                    passing.await;
                    drop(alive);
                });
            }
        });
        Self { port, mode, alive }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Breaks all connections and waits until they are; new ones are passed.
    pub(crate) async fn cut(&self) {
        let old = Arc::strong_count(&self.alive);
        self.mode.send_modify(|mode| {
            *mode = match *mode {
                Mode::Pass(epoch) => Mode::Pass(epoch + 1),
                _ => Mode::Pass(0),
            }
        });
        // New ones may be made meanwhile, so a while must do.
        for _ in 0..20 {
            if old <= 2 || Arc::strong_count(&self.alive) <= 2 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

/// The broker says nothing unasked while hands are shaken, so what it says at
/// once is one message.
async fn shake_hands(
    mut client: TcpStream,
    mut server: TcpStream,
    messages: u32,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    for _ in 0..messages {
        let asked = client.read(&mut buffer).await?;
        server.write_all(&buffer[..asked]).await?;
        let answered = server.read(&mut buffer).await?;
        client.write_all(&buffer[..answered]).await?;
    }
    Ok(())
}

async fn pass(mut client: TcpStream, target: String, mut modes: watch::Receiver<Mode>) {
    if *modes.borrow_and_update() == Mode::Refuse {
        return;
    }
    if *modes.borrow() != Mode::Hang {
        let Ok(mut server) = TcpStream::connect(target).await else {
            return;
        };
        let mode = *modes.borrow();
        if let Mode::Handshake(messages) = mode {
            let _ = shake_hands(client, server, messages).await;
            return;
        }
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = modes.changed() => {}
        }
        if *modes.borrow_and_update() != Mode::Hang {
            return;
        }
        // Both ends stay open and hear nothing until the mode changes.
        let _ = modes.changed().await;
        return;
    }
    let _ = modes.changed().await;
}
