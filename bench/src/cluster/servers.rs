//! The servers, and what they say of their traffic.

use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Servers {
    nats: Child,
    redis: Child,
    nats_port: u16,
    monitor_port: u16,
    redis_port: u16,
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn start(command: &mut Command, package: &str) -> Result<Child> {
    let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    started.with_context(|| format!("cannot start {command:?}: install it (Debian: `apt install {package}`)"))
}

fn wait(port: u16) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(Instant::now() < until, "no server listens on port {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

impl Servers {
    pub fn start(dir: &Path) -> Result<Servers> {
        let (nats_port, monitor_port, redis_port) = (free_port()?, free_port()?, free_port()?);
        let config = dir.join("nats.conf");
        let text = format!(
            "listen: \"127.0.0.1:{nats_port}\"\nhttp: \"127.0.0.1:{monitor_port}\"\nmax_payload: 8MB\n\
             jetstream {{ store_dir: {:?}, max_mem: 64MB, max_file: 8GB }}\n",
            dir.join("nats")
        );
        std::fs::write(&config, text)?;
        let nats = start(Command::new("nats-server").arg("--config").arg(&config), "nats-server")?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &redis_port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        // As NATS does: written at once, synced now and then.
        command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--dir"]).arg(dir);
        let redis = start(&mut command, "redis-server")?;
        let servers = Servers { nats, redis, nats_port, monitor_port, redis_port };
        [nats_port, monitor_port, redis_port].into_iter().try_for_each(wait)?;
        Ok(servers)
    }

    pub fn nats(&self) -> String {
        format!("nats://127.0.0.1:{}", self.nats_port)
    }

    pub fn redis(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.redis_port)
    }

    /// Bytes that the NATS server has received and sent.
    pub fn nats_traffic(&self) -> Result<u64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.monitor_port))?;
        stream.write_all(b"GET /varz HTTP/1.0\r\n\r\n")?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        let (_, body) = said.split_once("\r\n\r\n").context("an answer of the monitor")?;
        let said: serde_json::Value = serde_json::from_str(body)?;
        let bytes = |name: &str| said[name].as_u64().with_context(|| format!("the monitor does not say {name}"));
        Ok(bytes("in_bytes")? + bytes("out_bytes")?)
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in [&mut self.nats, &mut self.redis] {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
