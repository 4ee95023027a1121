//! A host on loopback that does to each request what was planned for it.
//!
//! Requests of several calls come at the same time, so each plan has a mark: words in the head of
//! its request. The head is looked at where the kernel keeps it; nothing has been read by that.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use url::Url;

use crate::answer::Answer;

/// How much of an answer is sent when it is too long: 50 MB.
const FLOOD_BYTES: u64 = 50_000_000;
static SPACES: [u8; 1 << 16] = [b' '; 1 << 16];
/// Longest head that is looked at, in bytes.
const HEAD_BYTES: usize = 1 << 14;
/// How long the host may need, once a call has ended, to see what it did.
const SETTLING: Duration = Duration::from_secs(10);

/// What is done to one request.
pub(crate) enum Act {
    /// The connection is reset.
    Reset,
    /// Nothing is said, and the connection stays.
    Silence,
    /// A whole answer.
    Answer(Answer),
    /// The first half of an answer, and then nothing.
    Half(Answer),
    /// An answer that does not end before [`FLOOD_BYTES`].
    Flood(Answer),
}

/// The plan for one request.
pub(crate) struct Turn {
    /// Words in its head.
    pub(crate) mark: &'static str,
    /// Whether it is read to its end first.
    pub(crate) reads: bool,
    pub(crate) act: Act,
    /// Whether the host leaves before it acts: whoever asks next is refused.
    pub(crate) leaves: bool,
}

/// What came about of some plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    met: usize,
    read: usize,
    flooded: Option<u64>,
}

/// Plans, and what has come about of them.
pub(crate) struct Watched {
    seen: watch::Receiver<Seen>,
    met: usize,
    read: usize,
    floods: bool,
}

impl Watched {
    /// What did not come about as planned, once the call has ended.
    pub(crate) async fn problem(self) -> Option<String> {
        let Self {
            mut seen,
            met,
            read,
            floods,
        } = self;
        let as_planned =
            |seen: &Seen| (seen.met, seen.read, seen.flooded.is_some()) == (met, read, floods);
        drop(timeout(SETTLING, seen.wait_for(as_planned)).await);
        let seen = *seen.borrow();
        if seen.met != met {
            return Some(format!("{} of {met} requests came", seen.met));
        }
        if seen.read != read {
            return Some(format!("{} requests were read, not {read}", seen.read));
        }
        match seen.flooded {
            None if floods => Some("the client went on listening".to_owned()),
            Some(sent) if sent >= FLOOD_BYTES => Some("all 50 MB were taken".to_owned()),
            _ => None,
        }
    }
}

/// The host; it ends with the test's runtime.
pub(crate) struct Host {
    /// Its root, with a slash at its end.
    pub(crate) base: Url,
    shared: Arc<Shared>,
}

struct Shared {
    address: SocketAddr,
    plans: Mutex<Vec<(Turn, watch::Sender<Seen>)>>,
    /// What nobody planned.
    strange: Mutex<Vec<String>>,
    acceptor: Mutex<Option<JoinHandle<io::Result<()>>>>,
    /// Kept once nobody listens on it, or another test might.
    port: Mutex<Option<TcpSocket>>,
}

impl Host {
    pub(crate) async fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            address,
            plans: Mutex::default(),
            strange: Mutex::default(),
            acceptor: Mutex::default(),
            port: Mutex::default(),
        });
        let acceptor = tokio::spawn(accept(listener, Arc::clone(&shared)));
        *lock(&shared.acceptor) = Some(acceptor);
        Ok(Self {
            base: Url::parse(&format!("http://{address}/"))?,
            shared,
        })
    }

    /// Plans the requests of one call. Of an earlier one with the same marks nothing is left.
    pub(crate) fn plan(&self, turns: Vec<Turn>) -> Watched {
        let (sender, seen) = watch::channel(Seen::default());
        let watched = Watched {
            seen,
            met: turns.len(),
            read: turns.iter().filter(|turn| turn.reads).count(),
            floods: turns.iter().any(|turn| matches!(turn.act, Act::Flood(_))),
        };
        let mut plans = lock(&self.shared.plans);
        plans.retain(|(left, _)| turns.iter().all(|turn| turn.mark != left.mark));
        plans.extend(turns.into_iter().map(|turn| (turn, sender.clone())));
        watched
    }

    /// Stops listening, for good.
    pub(crate) async fn leave(&self) -> io::Result<()> {
        self.shared.leave().await
    }

    /// What happened that was not planned.
    pub(crate) fn strange(&self) -> Vec<String> {
        lock(&self.shared.strange).clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    loop {
        let (stream, _peer) = listener.accept().await?;
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            if let Err(error) = shared.meet(stream).await {
                lock(&shared.strange).push(format!("a connection failed: {error}"));
            }
        });
    }
}

impl Shared {
    async fn meet(&self, stream: TcpStream) -> io::Result<()> {
        let head = look_at_head(&stream).await?;
        let Some((turn, seen)) = self.plan_of(&head) else {
            let line = head.lines().next().unwrap_or_default();
            lock(&self.strange).push(format!("nobody expected: {line}"));
            return Ok(());
        };
        seen.send_modify(|seen| seen.met += 1);
        self.play(turn, stream, &seen).await
    }

    fn plan_of(&self, head: &str) -> Option<(Turn, watch::Sender<Seen>)> {
        let mut plans = lock(&self.plans);
        let at = plans
            .iter()
            .position(|(turn, _)| head.contains(turn.mark))?;
        Some(plans.remove(at))
    }

    async fn play(
        &self,
        turn: Turn,
        mut stream: TcpStream,
        seen: &watch::Sender<Seen>,
    ) -> io::Result<()> {
        if turn.reads {
            read_request(&mut stream).await?;
            seen.send_modify(|seen| seen.read += 1);
        }
        if turn.leaves {
            self.leave().await?;
        }
        match turn.act {
            // It is reset when it is dropped.
            Act::Reset => stream.set_zero_linger(),
            Act::Silence => pending().await,
            Act::Answer(answer) => stream.write_all(&answer.whole()).await,
            Act::Half(answer) => {
                stream.write_all(&answer.half()).await?;
                pending().await
            }
            Act::Flood(answer) => {
                let sent = flood(&mut stream, &answer).await;
                seen.send_modify(|seen| seen.flooded = Some(sent));
                Ok(())
            }
        }
    }

    async fn leave(&self) -> io::Result<()> {
        let acceptor = lock(&self.acceptor).take();
        let Some(acceptor) = acceptor else {
            return Ok(());
        };
        acceptor.abort();
        // A task lets go of its listener when it has ended, not when it is told to.
        drop(acceptor.await);
        let port = TcpSocket::new_v4()?;
        port.set_reuseaddr(true)?;
        port.bind(self.address)?;
        *lock(&self.port) = Some(port);
        Ok(())
    }
}

/// The head of the request, which stays where it is. By the time that it is there, the client's
/// side of the connection stands: a reset that is any earlier would be a refusal by another name.
async fn look_at_head(stream: &TcpStream) -> io::Result<String> {
    let mut bytes = vec![0; HEAD_BYTES];
    loop {
        let length = stream.peek(&mut bytes).await?;
        let head = String::from_utf8_lossy(&bytes[..length]);
        if length == 0 || length == HEAD_BYTES || head.contains("\r\n\r\n") {
            return Ok(head.into_owned());
        }
        sleep(Duration::from_millis(1)).await;
    }
}

/// Reads a request whose body has a declared length, or none.
async fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut reader = BufReader::new(stream);
    let mut length = 0_u64;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).await? == 0 {
            return Err(cut_off());
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<u64>().map_err(io::Error::other)?;
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).await?;
    match body.len() as u64 == length {
        true => Ok(()),
        false => Err(cut_off()),
    }
}

/// Sends until the client hangs up, or all of it is sent; the bytes behind the answer.
async fn flood(stream: &mut TcpStream, answer: &Answer) -> u64 {
    let mut sent = 0;
    let mut open = stream.write_all(&answer.unbounded()).await.is_ok();
    while open && sent < FLOOD_BYTES {
        open = stream.write_all(&SPACES).await.is_ok();
        sent += SPACES.len() as u64;
    }
    sent
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
