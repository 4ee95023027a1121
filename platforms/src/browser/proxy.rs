//! A forwarder on loopback that adds our user and password to what Chromium sends to the proxy.
//!
//! Chromium takes no credentials with a proxy's address, and a command line is for everybody to
//! read. It sends what it has to this forwarder instead, which knows them. One request per
//! connection is given credentials: a tunnel has only one, and other connections are closed after
//! their first.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use super::Proxy;

/// Longest head of a request or an answer, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
/// Most heads fit into this.
const READ_AT_ONCE: usize = 4 << 10;
/// Until connections are accepted again after one could not be.
const PAUSE: Duration = Duration::from_millis(100);
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// What Chromium hears when the proxy does not know us. It would ask a person for the password.
const REFUSAL: &[u8] =
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// Headers that are between Chromium and us.
const OURS: [&str; 3] = ["connection", "proxy-authorization", "proxy-connection"];

/// The running forwarder. It ends with its connections when it is dropped.
#[derive(Debug)]
pub(super) struct Forwarder {
    port: u16,
    _serving: AbortOnDropHandle<()>,
}

/// Where to, and as whom.
struct Upstream {
    host: String,
    port: u16,
    /// The value of `Proxy-Authorization`.
    credentials: SecretString,
}

impl Forwarder {
    /// Listens on a free port.
    pub(super) async fn start(proxy: &Proxy) -> io::Result<Self> {
        let upstream = Arc::new(Upstream::of(proxy)?);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let serving = tokio::spawn(serve(listener, upstream));
        Ok(Self {
            port,
            _serving: AbortOnDropHandle::new(serving),
        })
    }

    /// Where Chromium finds it.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Upstream {
    fn of(proxy: &Proxy) -> io::Result<Self> {
        let address = &proxy.address;
        let (Some(host), Some(port)) = (address.host_str(), address.port_or_known_default()) else {
            return Err(io::Error::other("the proxy's address has no host"));
        };
        let pair = format!("{}:{}", proxy.user, proxy.password.expose_secret());
        let credentials = format!("Basic {}", BASE64_STANDARD.encode(pair));
        Ok(Self {
            // An address of version 6 is written in brackets in a URL, and only there.
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            credentials: credentials.into(),
        })
    }
}

async fn serve(listener: TcpListener, upstream: Arc<Upstream>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let upstream = Arc::clone(&upstream);
                    connections.spawn(async move {
                        if let Err(error) = forward(client, &upstream).await {
                            tracing::debug!(%error, "a connection to the proxy broke");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the proxy's forwarder could not accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn forward(mut client: TcpStream, upstream: &Upstream) -> io::Result<()> {
    let request = Head::read(&mut client).await?;
    let mut proxy = TcpStream::connect((upstream.host.as_str(), upstream.port)).await?;
    let credentials = upstream.credentials.expose_secret();
    proxy.write_all(&request.authorized(credentials)?).await?;
    proxy.write_all(&request.rest).await?;
    if request.has_no_body() {
        let answer = Head::read(&mut proxy).await?;
        if answer.is_refusal() {
            tracing::warn!("the proxy refuses our user and password");
            return client.write_all(REFUSAL).await;
        }
        client.write_all(&answer.head).await?;
        client.write_all(&answer.rest).await?;
    }
    copy_bidirectional(&mut client, &mut proxy)
        .await
        .map(|_| ())
}

/// The head of a message, and what came with it of its body.
struct Head {
    head: Vec<u8>,
    rest: Vec<u8>,
}

impl Head {
    async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut head = Vec::with_capacity(READ_AT_ONCE);
        loop {
            if stream.read_buf(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let end = head
                .windows(END_OF_HEAD.len())
                .position(|window| window == END_OF_HEAD);
            if let Some(end) = end {
                let rest = head.split_off(end + END_OF_HEAD.len());
                return Ok(Self { head, rest });
            }
            if head.len() > LONGEST_HEAD {
                return Err(io::Error::other("a head without an end"));
            }
        }
    }

    /// The first line has to be an answer's.
    fn is_refusal(&self) -> bool {
        let line = self.head.split(|byte| *byte == b'\r').next();
        line.and_then(|line| line.split(|byte| *byte == b' ').nth(1)) == Some(b"407".as_slice())
    }

    /// The first line has to be a request's.
    fn has_no_body(&self) -> bool {
        [&b"CONNECT "[..], b"GET ", b"HEAD "]
            .iter()
            .any(|method| self.head.starts_with(method))
    }

    /// The head of a request, with credentials.
    fn authorized(&self, credentials: &str) -> io::Result<Vec<u8>> {
        let text = std::str::from_utf8(&self.head).map_err(io::Error::other)?;
        let mut lines = text.trim_end().split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut head = format!("{first}\r\nProxy-Authorization: {credentials}\r\n");
        let kept = lines.filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            !OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours))
        });
        for line in kept {
            head.push_str(line);
            head.push_str("\r\n");
        }
        if !first.starts_with("CONNECT ") {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        Ok(head.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Checked = Result<(), Box<dyn std::error::Error>>;

    fn head(text: &str) -> Head {
        Head {
            head: text.as_bytes().to_vec(),
            rest: Vec::new(),
        }
    }

    /// What a client hears that asks for a tunnel, and what the proxy got, when it answers so.
    async fn exchange(
        answer: &'static str,
    ) -> Result<(String, String), Box<dyn std::error::Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?).parse()?;
        let forwarder = Forwarder::start(&Proxy {
            address,
            user: "zone".to_owned(),
            password: "canary".into(),
        })
        .await?;
        let proxy = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            let asked = Head::read(&mut stream).await?;
            stream.write_all(answer.as_bytes()).await?;
            io::Result::Ok(String::from_utf8_lossy(&asked.head).into_owned())
        });
        let mut client = TcpStream::connect(("127.0.0.1", forwarder.port())).await?;
        let request = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\
                       Proxy-Connection: keep-alive\r\n\r\n";
        client.write_all(request.as_bytes()).await?;
        let mut heard = String::new();
        client.read_to_string(&mut heard).await?;
        Ok((heard, proxy.await??))
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_with_credentials() -> Checked {
        let (heard, asked) = exchange("HTTP/1.1 200 OK\r\n\r\nbytes").await?;
        assert_eq!(heard, "HTTP/1.1 200 OK\r\n\r\nbytes");
        let expected = "CONNECT a.example:443 HTTP/1.1\r\n\
                        Proxy-Authorization: Basic em9uZTpjYW5hcnk=\r\n\
                        Host: a.example:443\r\n\r\n";
        assert_eq!(asked, expected);
        Ok(())
    }

    #[tokio::test]
    async fn a_refusal_of_the_credentials_is_not_shown_to_chromium() -> Checked {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                      Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
        let (heard, _) = exchange(answer).await?;
        assert_eq!(heard.as_bytes(), REFUSAL);
        Ok(())
    }

    #[test]
    fn a_plain_request_is_the_only_one_of_its_connection() -> Checked {
        let request = head(
            "GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive\r\n\
             proxy-authorization: Basic other\r\nAccept: */*\r\n\r\n",
        );
        let sent = String::from_utf8(request.authorized("Basic ours")?)?;
        let expected = "GET http://a.example/x HTTP/1.1\r\nProxy-Authorization: Basic ours\r\n\
                        Host: a.example\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        assert_eq!(sent, expected);
        assert!(request.has_no_body());
        assert!(!head("POST http://a.example/ HTTP/1.1\r\n\r\n").has_no_body());
        Ok(())
    }
}
