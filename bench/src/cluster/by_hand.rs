//! The same state as a value that is read, decoded, changed, encoded and written, if it is the one that was read.

use crate::servers::Servers;
use crate::{Round, commit_for};
use anyhow::{Context, Result};
use async_nats::jetstream::{kv, stream};
use redis::Commands;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

#[derive(Serialize, Deserialize)]
struct Board {
    total: u64,
    each: [u64; 8],
    items: Vec<u64>,
}

impl Board {
    /// So that it has about that size when it is encoded: numbers as large as they may become.
    fn new(size: usize) -> Board {
        Board { total: 0, each: [0; 8], items: vec![1 << 62; size / 9] }
    }

    fn count(&mut self, n: &mut usize) {
        *n = (*n + 97) % self.items.len();
        self.total += 1;
        self.each[0] += 1;
        self.items[*n] += 1;
    }
}

pub fn nats(servers: &Servers, name: &str, size: usize, time: Duration) -> Result<Round> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let url = servers.nats();
    let store = runtime.block_on(async {
        let context = async_nats::jetstream::new(async_nats::connect(url).await?);
        // The stream that `create_key_value` makes, which takes a newer server than the stream itself does.
        let config = stream::Config {
            name: format!("KV_{name}"),
            subjects: vec![format!("$KV.{name}.>")],
            max_messages_per_subject: 1,
            discard: stream::DiscardPolicy::New,
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            ..Default::default()
        };
        context.create_stream(config).await?;
        let store = context.get_key_value(name).await?;
        store.put("board", postcard::to_stdvec(&Board::new(size))?.into()).await?;
        anyhow::Ok(store)
    })?;
    let (before, begin, mut n) = (servers.nats_traffic()?, Instant::now(), 0);
    let (commits, times) = commit_for(time, || {
        runtime.block_on(async {
            loop {
                let entry = store.entry("board").await?.context("the value")?;
                let mut board: Board = postcard::from_bytes(&entry.value)?;
                board.count(&mut n);
                let value = postcard::to_stdvec(&board)?;
                match store.update("board", value.into(), entry.revision).await {
                    Ok(_) => return Ok(()),
                    Err(e) if e.kind() == kv::UpdateErrorKind::WrongLastRevision => {}
                    Err(e) => return Err(e.into()),
                }
            }
        })
    })?;
    let (time, traffic) = (begin.elapsed(), servers.nats_traffic()? - before);
    Ok(Round { commits, time, times, traffic })
}

pub fn redis(servers: &Servers, name: &str, size: usize, time: Duration) -> Result<Round> {
    let mut connection = redis::Client::open(servers.redis())?.get_connection()?;
    let _: () = connection.set(name, postcard::to_stdvec(&Board::new(size))?)?;
    let traffic = |connection: &mut redis::Connection| -> Result<u64> {
        let said: String = redis::cmd("INFO").arg("stats").query(connection)?;
        let bytes = said.lines().filter_map(|line| {
            let (name, number) = line.split_once(':')?;
            let is_meant = ["total_net_input_bytes", "total_net_output_bytes"].contains(&name);
            is_meant.then(|| number.trim().parse::<u64>().ok())?
        });
        Ok(bytes.sum())
    };
    let (before, begin, mut n) = (traffic(&mut connection)?, Instant::now(), 0);
    let (commits, times) = commit_for(time, || {
        redis::transaction(&mut connection, &[name], |connection, pipe| {
            let value: Vec<u8> = connection.get(name)?;
            let decoded = postcard::from_bytes::<Board>(&value);
            let mut board = decoded.map_err(|e| redis::RedisError::from(std::io::Error::other(e)))?;
            board.count(&mut n);
            let value = postcard::to_stdvec(&board).map_err(|e| redis::RedisError::from(std::io::Error::other(e)))?;
            let done: Option<()> = pipe.set(name, value).ignore().query(connection)?;
            Ok(done)
        })?;
        Ok(())
    })?;
    let time = begin.elapsed();
    Ok(Round { commits, time, times, traffic: traffic(&mut connection)? - before })
}
