//! NATS JetStream: the log is a stream, in which an entry's sequence is its number. Contents lie in another stream.

use super::nats_contents::{Contents, PART};
use super::{Appended, Engine, Failed, patience};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::context::{GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{self, RawMessageErrorKind, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, Event, ServerAddr};
use bytes::Bytes;
use futures_util::TryStreamExt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

/// How long the server may take to answer a request.
const ANSWER: Duration = Duration::from_secs(2);

/// How long a connection may take, and how long it may be silent before the server is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(1);

/// Bytes of a message besides its entry: its subject and headers, with room to spare.
const BESIDE: usize = 4096;

/// A task that ends when nothing waits for it any more.
struct AbortOnDrop<R>(JoinHandle<R>);

impl<R> Future for AbortOnDrop<R> {
    type Output = Result<R, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<R> Drop for AbortOnDrop<R> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection.
#[derive(Clone)]
pub(crate) struct Nats {
    context: Context,
    log: Stream,
    contents: Contents,
    subject: String,
    largest: usize,
    /// Whether the connection has been lost.
    lost: watch::Receiver<bool>,
}

impl Nats {
    /// Connects, and makes the stream and the object store of that state if they are not there, on as many servers as `replicas`
    /// says.
    pub(crate) async fn connect(url: &str, name: &str, replicas: usize) -> Result<Nats, Failed> {
        let failed = Failed::new("connect");
        let servers: Result<Vec<ServerAddr>, _> = url.split(',').map(str::parse).collect();
        let servers = servers.map_err(|e| failed(&e))?;
        // After a lost connection, the link checks everything again, so the client must not reconnect unnoticed.
        let (said, lost) = watch::channel(false);
        let mut options = ConnectOptions::new()
            .connection_timeout(SILENCE)
            .ping_interval(SILENCE)
            .request_timeout(Some(ANSWER))
            .max_reconnects(servers.len())
            .ignore_discovered_servers()
            .name(format!("shmstate {name}"))
            .event_callback(move |event| {
                if matches!(event, Event::Disconnected | Event::Closed) {
                    let _ = said.send(true);
                }
                std::future::ready(())
            });
        // The client does not take user and password from a URL.
        if let Some(user) = servers.iter().find_map(|server| server.username()) {
            let password = servers.iter().find_map(|server| server.password());
            options = match password {
                Some(password) => options.user_and_password(user.to_owned(), password.to_owned()),
                None => options.token(user.to_owned()),
            };
        }
        let client = tokio::time::timeout(2 * ANSWER, options.connect(servers)).await;
        let client = client.map_err(|_| failed(&"no server has answered"))?.map_err(|e| failed(&e))?;
        let largest = client.server_info().max_payload.saturating_sub(BESIDE);
        let mut context = jetstream::new(client);
        context.set_timeout(ANSWER);
        let subject = format!("shmstate.{name}");
        let log = open_stream(&context, format!("shmstate_{name}"), subject.clone(), replicas).await?;
        let contents = Contents::open(&context, name, replicas).await?;
        Ok(Nats { context, log, contents, subject, largest, lost })
    }
}

/// The stream of that name, which is made if there is none.
pub(super) async fn open_stream(
    context: &Context,
    name: String,
    subject: String,
    num_replicas: usize,
) -> Result<Stream, Failed> {
    match context.get_stream(&name).await {
        Ok(stream) => Ok(stream),
        Err(e) if is_missing(e.kind()) => {
            let subjects = vec![subject];
            let config =
                stream::Config { name, subjects, storage: StorageType::File, num_replicas, ..Default::default() };
            context.create_stream(config).await.map_err(|e| Failed::new("make the stream")(&e))
        }
        Err(e) => Err(Failed::new("look for the stream")(&e)),
    }
}

/// The messages of a stream, in their order.
pub(super) async fn ordered(
    stream: &Stream,
    deliver_policy: DeliverPolicy,
    filter_subject: String,
    failed: &(dyn Fn(&dyn std::fmt::Display) -> Failed + Sync),
) -> Result<pull::Ordered, Failed> {
    let config = pull::OrderedConfig { deliver_policy, filter_subject, ..Default::default() };
    let consumer = stream.create_consumer(config).await.map_err(|e| failed(&e))?;
    consumer.messages().await.map_err(|e| failed(&e))
}

/// Whether the servers say that there is no such stream, and not that they cannot tell.
fn is_missing(kind: GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(e) if e.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

impl Engine for Nats {
    async fn append(&self, after: u64, entry: Bytes) -> Result<Appended, Failed> {
        let message = PublishMessage::build().payload(entry).expected_last_sequence(after);
        let failed = Failed::new("append to the stream");
        let answer = self.context.send_publish(self.subject.clone(), message).await.map_err(|e| failed(&e))?;
        match answer.await {
            Ok(_) => Ok(Appended::Yes),
            Err(e) if e.kind() == PublishErrorKind::WrongLastSequence => Ok(Appended::Conflict),
            Err(e) => Err(failed(&e)),
        }
    }

    async fn newest(&self) -> Result<u64, Failed> {
        let info = self.log.get_info().await.map_err(|e| Failed::new("ask for the newest entry")(&e))?;
        Ok(info.state.last_sequence)
    }

    async fn entry(&self, seq: u64) -> Result<Option<Bytes>, Failed> {
        // The leader answers this request.
        match self.log.get_raw_message(seq).await {
            Ok(message) => Ok(Some(message.payload)),
            Err(e) if e.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(e) => Err(Failed::new("read an entry")(&e)),
        }
    }

    async fn follow(&self, after: u64, to: mpsc::Sender<(u64, Bytes)>) -> Result<(), Failed> {
        let failed = Failed::new("follow the stream");
        let first = DeliverPolicy::ByStartSequence { start_sequence: after + 1 };
        let mut messages = ordered(&self.log, first, self.subject.clone(), &failed).await?;
        let mut lost = self.lost.clone();
        loop {
            let message = tokio::select! {
                message = messages.try_next() => message.map_err(|e| failed(&e))?,
                _ = lost.wait_for(|is_lost| *is_lost) => return Err(failed(&"the connection was lost")),
            };
            let Some(message) = message else { return Err(failed(&"it has ended")) };
            let seq = message.info().map_err(|e| failed(&e))?.stream_sequence;
            if to.send((seq, message.message.payload)).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn forget(&self, upto: u64) -> Result<(), Failed> {
        let purge = self.log.purge().sequence(upto + 1);
        purge.await.map(drop).map_err(|e| Failed::new("forget old entries")(&e))
    }

    async fn write(&self, name: &str, content: Bytes) -> Result<(), Failed> {
        self.contents.write(name, content).await
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>, Failed> {
        let failed = Failed::new("read a content");
        let Some(parts) = self.contents.parts(name).await? else { return Ok(None) };
        let wait = patience(usize::try_from(parts).unwrap_or(usize::MAX).saturating_mul(PART));
        // A task of its own: the client may panic when the connection is lost meanwhile.
        let (contents, of) = (self.contents.clone(), name.to_owned());
        let read = tokio::spawn(async move { contents.read(&of, parts).await });
        match tokio::time::timeout(wait, AbortOnDrop(read)).await {
            Ok(Ok(read)) => read.map(Some),
            Ok(Err(_)) => Err(failed(&"the connection was lost")),
            Err(_) => Err(failed(&"its parts have not come: it was removed meanwhile, or the server is slow")),
        }
    }

    async fn names(&self) -> Result<Vec<(String, bool)>, Failed> {
        self.contents.names().await
    }

    async fn remove(&self, name: &str) -> Result<(), Failed> {
        self.contents.remove(name).await
    }

    fn has_one_copy(&self) -> bool {
        self.log.cached_info().config.num_replicas <= 1
    }

    fn largest(&self) -> usize {
        self.largest
    }
}
