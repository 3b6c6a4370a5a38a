//! NATS JetStream: the log is a stream, whose sequence is the number of an entry; contents lie in an object store.

use super::{Appended, Engine, Failed, patience};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::context::{GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::object_store::{self, GetErrorKind, ObjectStore};
use async_nats::jetstream::stream::{self, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, Event, ServerAddr};
use bytes::Bytes;
use futures_util::TryStreamExt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

/// How long the server may take to answer a request.
const ANSWER: Duration = Duration::from_secs(2);

/// How long a connection may take, and how long it may be silent before the server is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(1);

/// Bytes of a message beside an entry: its subject and headers, with room to spare.
const BESIDE: usize = 4096;

/// Bytes of a content for which there is room before any have come, whatever the server says.
const ROOM: usize = 1 << 20;

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
    contents: ObjectStore,
    subject: String,
    largest: usize,
    /// Whether the connection was lost since.
    lost: watch::Receiver<bool>,
}

impl Nats {
    /// Connects, and makes the stream and the object store of that state if they are not there, on as many servers as `replicas`
    /// says.
    pub(crate) async fn connect(url: &str, name: &str, replicas: usize) -> Result<Nats, Failed> {
        let failed = Failed::new("connect");
        let servers: Result<Vec<ServerAddr>, _> = url.split(',').map(str::parse).collect();
        let servers = servers.map_err(|e| failed(&e))?;
        // After a lost connection, the link looks at everything anew: the client must not connect again by itself unseen.
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
        // The client takes none from a URL.
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
        let config = stream::Config {
            name: format!("shmstate_{name}"),
            subjects: vec![subject.clone()],
            storage: StorageType::File,
            num_replicas: replicas,
            ..Default::default()
        };
        let log = match context.get_stream(&config.name).await {
            Ok(log) => log,
            Err(e) if is_missing(e.kind()) => {
                let made = context.create_stream(config).await;
                made.map_err(|e| Failed::new("make the stream")(&e))?
            }
            Err(e) => return Err(Failed::new("look for the stream")(&e)),
        };
        let bucket = format!("shmstate_{name}");
        let contents = match context.get_object_store(&bucket).await {
            Ok(contents) => contents,
            Err(_) => {
                let config = object_store::Config {
                    bucket,
                    storage: StorageType::File,
                    num_replicas: replicas,
                    ..Default::default()
                };
                context.create_object_store(config).await.map_err(|e| Failed::new("make the object store")(&e))?
            }
        };
        Ok(Nats { context, log, contents, subject, largest, lost })
    }
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

    async fn follow(&self, after: u64, to: mpsc::Sender<(u64, Bytes)>) -> Result<(), Failed> {
        let failed = Failed::new("follow the stream");
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
            ..Default::default()
        };
        let consumer = self.log.create_consumer(config).await.map_err(|e| failed(&e))?;
        let mut messages = consumer.messages().await.map_err(|e| failed(&e))?;
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
        let put = self.contents.put(name, &mut &*content).await;
        put.map(drop).map_err(|e| Failed::new("write to the object store")(&e))
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>, Failed> {
        let failed = Failed::new("read from the object store");
        let mut object = match self.contents.get(name).await {
            Ok(object) => object,
            Err(e) if e.kind() == GetErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(&e)),
        };
        let size = object.info().size;
        // A task of its own: the client may panic when the connection is lost meanwhile, and waits for ever for parts that are gone.
        let read = tokio::spawn(async move {
            let mut content = Vec::with_capacity(size.min(ROOM));
            object.read_to_end(&mut content).await.map(|_| content)
        });
        match tokio::time::timeout(patience(size), AbortOnDrop(read)).await {
            Ok(Ok(Ok(content))) => Ok(Some(content.into())),
            Ok(Ok(Err(e))) => Err(failed(&e)),
            Ok(Err(_)) => Err(failed(&"the connection was lost")),
            Err(_) => Err(failed(&"its parts have not come: it was removed meanwhile, or the server is slow")),
        }
    }

    async fn names(&self) -> Result<Vec<String>, Failed> {
        let failed = Failed::new("list the object store");
        let list = self.contents.list().await.map_err(|e| failed(&e))?;
        let objects: Vec<_> = list.try_collect().await.map_err(|e| failed(&e))?;
        Ok(objects.into_iter().filter(|object| !object.deleted).map(|object| object.name).collect())
    }

    async fn remove(&self, name: &str) -> Result<(), Failed> {
        self.contents.delete(name).await.map_err(|e| Failed::new("remove from the object store")(&e))
    }

    fn largest(&self) -> usize {
        self.largest
    }
}
