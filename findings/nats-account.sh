#!/bin/sh
# async-nats makes streams on a server of NATS 2.9, and no key-value buckets: its query of the account fails.
#
# Expected: what newer servers have is behind cargo features of the client (`server_2_10`, `server_2_11`, …), all of which are off here; so a
#   client without them takes what a server of 2.9 says. `create_stream` and `create_object_store` do.
# True: `Context::query_account` fails with "data did not match any variant of untagged enum Response", because `account::Tier` wants
#   `reserved_memory` and `reserved_storage`, whatever the features, and a server of 2.9 has them in no answer. `create_key_value` and
#   `update_key_value` ask for the account first, to see whether it limits the size of values, and fail with it.
# Seen on: async-nats 0.50.0 (src/jetstream/account.rs, src/jetstream/context.rs), nats-server 2.9.10 of Debian 12.
# Why it matters: Debian 12 has that server. A program that needs a bucket there makes its stream itself (`KV_NAME`, subjects `$KV.NAME.>`),
#   and then gets it by `get_key_value`, which does not ask for the account.
set -eu
dir=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
(cd "$dir" && apt-get download -q nats-server=2.9.10-* >/dev/null 2>&1 && dpkg -x nats-server_*.deb unpacked)
server_program=$(find "$dir/unpacked" -name nats-server -type f -perm -u+x | head -n 1)
mkdir "$dir/src"
cat > "$dir/Cargo.toml" <<'T'
[package]
name = "account"
version = "0.0.0"
edition = "2021"

[dependencies]
async-nats = { version = "=0.50.0", default-features = false, features = ["jetstream", "kv", "nuid", "ring"] }
tokio = { version = "1", features = ["rt", "time"] }
T
cat > "$dir/src/main.rs" <<'R'
use async_nats::jetstream::{self, kv, stream};

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = std::env::args().nth(1).unwrap();
        let context = jetstream::new(async_nats::connect(url).await.unwrap());
        let config = stream::Config { name: "s".into(), subjects: vec!["s".into()], ..Default::default() };
        println!("create_stream: {:?}", context.create_stream(config).await.map(drop));
        println!("query_account: {:?}", context.query_account().await.map(drop).map_err(|e| e.to_string()));
        let config = kv::Config { bucket: "b".into(), ..Default::default() };
        println!("create_key_value: {:?}", context.create_key_value(config).await.map(drop).map_err(|e| e.to_string()));
    });
}
R
cargo build --quiet --manifest-path "$dir/Cargo.toml"
"$server_program" --version
printf 'listen: 127.0.0.1:14983\njetstream { store_dir: "%s/store" }\n' "$dir" > "$dir/conf"
"$server_program" --config "$dir/conf" >/dev/null 2>&1 &
server=$!
sleep 2
"$dir/target/debug/account" nats://127.0.0.1:14983 | tee "$dir/said"
grep -q '^create_stream: Ok' "$dir/said"
grep -q '^query_account: Err.*did not match any variant' "$dir/said"
grep -q '^create_key_value: Err.*did not match any variant' "$dir/said"
echo "as described"
