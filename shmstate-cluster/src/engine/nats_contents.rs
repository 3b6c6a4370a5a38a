//! Contents in NATS: messages of a stream. Their subjects have the name of the content.
//!
//! The first message begins the content, its parts follow, and the last message has the number of parts. So a reader can tell whether a
//! content is whole, and an unfinished content has a name too, by which it is removed. Nothing is left of a removed content.

use super::Failed;
use super::nats::{open_stream, ordered};
use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use bytes::Bytes;
use futures_util::TryStreamExt;
use std::collections::{BTreeMap, VecDeque};
use std::future::IntoFuture;

/// Bytes of a part.
pub(super) const PART: usize = 128 << 10;

/// The most parts that are on their way to the server at a time.
const WINDOW: usize = 8;

/// What a subject ends with.
const BEGIN: &str = "begin";
const OF_PART: &str = "part";
const END: &str = "end";

/// The stream of the contents of one state.
#[derive(Clone)]
pub(super) struct Contents {
    context: Context,
    stream: Stream,
    prefix: String,
}

impl Contents {
    pub(super) async fn open(context: &Context, name: &str, replicas: usize) -> Result<Contents, Failed> {
        let prefix = format!("shmstate-contents.{name}");
        let stream =
            open_stream(context, format!("shmstate_{name}_contents"), format!("{prefix}.*.*"), replicas).await?;
        Ok(Contents { context: context.clone(), stream, prefix })
    }

    fn subject(&self, name: &str, end: &str) -> String {
        format!("{}.{name}.{end}", self.prefix)
    }

    pub(super) async fn write(&self, name: &str, content: Bytes) -> Result<(), Failed> {
        let failed = Failed::new("write a content");
        let send = async |end: &str, payload: Bytes| -> Result<PublishAckFuture, Failed> {
            self.context.publish(self.subject(name, end), payload).await.map_err(|e| failed(&e))
        };
        let arrived = async |ack: PublishAckFuture| ack.into_future().await.map(drop).map_err(|e| failed(&e));
        // The stream has them in this order, because they are sent on one connection.
        let mut under_way = VecDeque::from([send(BEGIN, Bytes::new()).await?]);
        let mut parts: u64 = 0;
        for start in (0..content.len()).step_by(PART) {
            let part = content.slice(start..(start + PART).min(content.len()));
            under_way.push_back(send(OF_PART, part).await?);
            parts += 1;
            if under_way.len() > WINDOW
                && let Some(first) = under_way.pop_front()
            {
                arrived(first).await?;
            }
        }
        for ack in under_way {
            arrived(ack).await?;
        }
        arrived(send(END, parts.to_le_bytes().to_vec().into()).await?).await
    }

    /// How many parts a content has; `None` if there is no such content, or not all of it.
    pub(super) async fn parts(&self, name: &str) -> Result<Option<u64>, Failed> {
        let failed = Failed::new("read a content");
        match self.stream.get_last_raw_message_by_subject(&self.subject(name, END)).await {
            Ok(end) => {
                let parts = end.payload.as_ref().try_into().map(u64::from_le_bytes);
                parts.map(Some).map_err(|_| failed(&"its end has another form"))
            }
            Err(e) if e.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(e) => Err(failed(&e)),
        }
    }

    /// Reads a content of that many parts. If the content is removed meanwhile, this never returns.
    pub(super) async fn read(&self, name: &str, parts: u64) -> Result<Bytes, Failed> {
        let failed = Failed::new("read a content");
        let mut content = Vec::new();
        if parts > 0 {
            let mut messages = ordered(&self.stream, DeliverPolicy::All, self.subject(name, OF_PART), &failed).await?;
            for _ in 0..parts {
                let message = messages.try_next().await.map_err(|e| failed(&e))?;
                content.extend_from_slice(&message.ok_or_else(|| failed(&"it has ended"))?.payload);
            }
        }
        Ok(content.into())
    }

    /// The names of all contents, each with whether all of it is there.
    pub(super) async fn names(&self) -> Result<Vec<(String, bool)>, Failed> {
        let failed = Failed::new("list the contents");
        let subjects = self.stream.info_with_subjects(format!("{}.*.*", self.prefix)).await;
        let subjects: Vec<(String, usize)> =
            subjects.map_err(|e| failed(&e))?.try_collect().await.map_err(|e| failed(&e))?;
        let mut names = BTreeMap::new();
        for (subject, _) in subjects {
            if let [.., name, end] = subject.split('.').collect::<Vec<_>>()[..] {
                *names.entry(name.to_owned()).or_default() |= end == END;
            }
        }
        Ok(names.into_iter().collect())
    }

    /// Removes a content, its beginning last: until then, its name is listed.
    pub(super) async fn remove(&self, name: &str) -> Result<(), Failed> {
        for end in [END, OF_PART, BEGIN] {
            let purged = self.stream.purge().filter(self.subject(name, end)).await;
            purged.map_err(|e| Failed::new("remove a content")(&e))?;
        }
        Ok(())
    }
}
