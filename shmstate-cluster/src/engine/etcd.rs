//! etcd: the log is a key for each entry, and a key with the number of the newest one. A content is a key for each part, and a key with the
//! number of parts.

use super::{Appended, Engine, Failed};
use bytes::Bytes;
use etcd_client::{
    Client, Compare, CompareOp, ConnectOptions, DeleteOptions, EventType, GetOptions, Txn, TxnOp, WatchOptions,
};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the servers may take to answer, and how long a connection may be silent before they are asked whether they are there.
const ANSWER: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(1);

/// Bytes of an entry, or of a part of a content: a server takes requests of 1.5 MiB by default.
const PART: usize = 1 << 20;

/// Entries that are read at a time: a client takes answers of 4 MiB.
const AT_ONCE: i64 = 2;

/// Bytes of an answer of a watch. The server splits larger answers at its limit for requests, which is one of its options.
const ANSWER_OF_WATCH: usize = 64 << 20;

/// A connection.
#[derive(Clone)]
pub(crate) struct Etcd {
    client: Client,
    prefix: String,
}

impl Etcd {
    /// Connects. The servers are separated by commas.
    pub(crate) async fn connect(servers: &str, name: &str) -> Result<Etcd, Failed> {
        let options = ConnectOptions::new()
            .with_connect_timeout(SILENCE)
            .with_timeout(ANSWER)
            .with_keep_alive(SILENCE, SILENCE)
            .with_keep_alive_while_idle(true);
        let servers: Vec<String> = servers.split(',').map(|server| server.replace("etcd://", "")).collect();
        let failed = Failed::new("connect");
        let client = tokio::time::timeout(2 * ANSWER, Client::connect(servers, Some(options))).await;
        let client = client.map_err(|_| failed(&"no server has answered"))?.map_err(|e| failed(&e))?;
        Ok(Etcd { client, prefix: format!("shmstate/{name}") })
    }

    fn newest_key(&self) -> String {
        format!("{}/newest", self.prefix)
    }

    fn entry_key(&self, seq: u64) -> String {
        format!("{}/log/{seq:020}", self.prefix)
    }

    /// A key after those of all entries.
    fn entries_end(&self) -> String {
        format!("{}/log0", self.prefix)
    }

    fn content_key(&self, name: &str) -> String {
        format!("{}/contents/{name}", self.prefix)
    }

    fn part_key(&self, name: &str, part: usize) -> String {
        format!("{}/parts/{name}/{part:08}", self.prefix)
    }

    /// The value of a key.
    async fn get(&self, key: String, doing: &str) -> Result<Option<Vec<u8>>, Failed> {
        let got = self.client.kv_client().get(key, None).await.map_err(|e| Failed::new(doing)(&e))?;
        Ok(got.kvs().first().map(|kv| kv.value().to_vec()))
    }

    /// A number that is the value of a key, or 0.
    async fn number(&self, key: String, doing: &str) -> Result<u64, Failed> {
        let Some(value) = self.get(key, doing).await? else { return Ok(0) };
        let number = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| Failed::new(doing)(&"a key has a value that is no number"))
    }

    /// The number of the entry of that key.
    fn seq(key: &[u8]) -> Result<u64, Failed> {
        let name = std::str::from_utf8(key).ok().and_then(|key| key.rsplit('/').next()?.parse().ok());
        name.ok_or_else(|| Failed::new("follow the log")(&"a key of an entry has no number"))
    }
}

impl Engine for Etcd {
    async fn append(&self, after: u64, entry: Bytes) -> Result<Appended, Failed> {
        let newest = self.newest_key();
        let is_newest = match after {
            0 => Compare::create_revision(newest.clone(), CompareOp::Equal, 0),
            after => Compare::value(newest.clone(), CompareOp::Equal, after.to_string()),
        };
        let seq = after + 1;
        let puts = [TxnOp::put(self.entry_key(seq), entry, None), TxnOp::put(newest, seq.to_string(), None)];
        let done = self.client.kv_client().txn(Txn::new().when([is_newest]).and_then(puts)).await;
        let done = done.map_err(|e| Failed::new("append to the log")(&e))?;
        Ok(if done.succeeded() { Appended::Yes } else { Appended::Conflict })
    }

    async fn newest(&self) -> Result<u64, Failed> {
        self.number(self.newest_key(), "ask for the newest entry").await
    }

    async fn entry(&self, seq: u64) -> Result<Option<Bytes>, Failed> {
        Ok(self.get(self.entry_key(seq), "read an entry").await?.map(Bytes::from))
    }

    async fn follow(&self, after: u64, to: mpsc::Sender<(u64, Bytes)>) -> Result<(), Failed> {
        let failed = Failed::new("follow the log");
        let mut next = self.entry_key(after + 1);
        // First the entries that exist, some at a time; then those that come after the revision of the last read.
        let revision = loop {
            let options = GetOptions::new().with_range(self.entries_end()).with_limit(AT_ONCE);
            let got = self.client.kv_client().get(next.clone(), Some(options)).await.map_err(|e| failed(&e))?;
            for kv in got.kvs() {
                let seq = Self::seq(kv.key())?;
                if to.send((seq, kv.value().to_vec().into())).await.is_err() {
                    return Ok(());
                }
                next = self.entry_key(seq.saturating_add(1));
            }
            if !got.more() {
                break got.header().ok_or_else(|| failed(&"an answer has no revision"))?.revision();
            }
        };
        let options =
            WatchOptions::new().with_range(self.entries_end()).with_start_revision(revision + 1).with_fragment();
        let mut client = self.client.watch_client().max_decoding_message_size(ANSWER_OF_WATCH);
        let mut watch = client.watch(self.entry_key(0), Some(options)).await.map_err(|e| failed(&e))?;
        while let Some(response) = watch.message().await.map_err(|e| failed(&e))? {
            if response.canceled() {
                return Err(failed(&"the server has ended it"));
            }
            for kv in response.events().iter().filter(|e| e.event_type() == EventType::Put).filter_map(|e| e.kv()) {
                if to.send((Self::seq(kv.key())?, kv.value().to_vec().into())).await.is_err() {
                    return Ok(());
                }
            }
        }
        Err(failed(&"it has ended"))
    }

    async fn forget(&self, upto: u64) -> Result<(), Failed> {
        let options = DeleteOptions::new().with_range(self.entry_key(upto + 1));
        let done = self.client.kv_client().delete(self.entry_key(0), Some(options)).await;
        done.map(drop).map_err(|e| Failed::new("forget old entries")(&e))
    }

    async fn write(&self, name: &str, content: Bytes) -> Result<(), Failed> {
        let failed = Failed::new("write a content");
        let (mut kv, mut parts) = (self.client.kv_client(), 0);
        for start in (0..content.len()).step_by(PART) {
            let part = content.slice(start..(start + PART).min(content.len()));
            kv.put(self.part_key(name, parts), part, None).await.map_err(|e| failed(&e))?;
            parts += 1;
        }
        // The content exists once all of its parts do.
        kv.put(self.content_key(name), parts.to_string(), None).await.map(drop).map_err(|e| failed(&e))
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>, Failed> {
        const DOING: &str = "read a content";
        if self.get(self.content_key(name), DOING).await?.is_none() {
            return Ok(None);
        }
        let parts = self.number(self.content_key(name), DOING).await?;
        let mut content = Vec::new();
        for part in 0..parts {
            // The content may be removed meanwhile.
            let Some(bytes) = self.get(self.part_key(name, part as usize), DOING).await? else { return Ok(None) };
            content.extend(bytes);
        }
        Ok(Some(content.into()))
    }

    async fn names(&self) -> Result<Vec<(String, bool)>, Failed> {
        let failed = Failed::new("list the contents");
        let mut names = BTreeMap::new();
        // Parts without the key of their content belong to a content that was never finished.
        for (first, is_whole) in [(self.content_key(""), true), (format!("{}/parts/", self.prefix), false)] {
            let options = GetOptions::new().with_prefix().with_keys_only();
            let got = self.client.kv_client().get(first.clone(), Some(options)).await.map_err(|e| failed(&e))?;
            for key in got.kvs().iter().map(|kv| String::from_utf8_lossy(kv.key())) {
                if let Some(name) = key.strip_prefix(&first).and_then(|rest| rest.split('/').next()) {
                    *names.entry(name.to_owned()).or_default() |= is_whole;
                }
            }
        }
        Ok(names.into_iter().collect())
    }

    async fn remove(&self, name: &str) -> Result<(), Failed> {
        let failed = Failed::new("remove a content");
        let mut kv = self.client.kv_client();
        kv.delete(self.content_key(name), None).await.map_err(|e| failed(&e))?;
        let options = DeleteOptions::new().with_prefix();
        let parts = format!("{}/parts/{name}/", self.prefix);
        kv.delete(parts, Some(options)).await.map(drop).map_err(|e| failed(&e))
    }

    fn has_one_copy(&self) -> bool {
        true
    }

    fn largest(&self) -> usize {
        PART
    }
}
