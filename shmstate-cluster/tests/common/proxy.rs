//! A network between a machine and its servers that can be cut, silenced and slowed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Passes connections on to a port, as long as it is whole.
pub struct Proxy {
    pub port: u16,
    line: Arc<Line>,
}

#[derive(Default)]
struct Line {
    /// Nothing passes, and no connection is made.
    cut: AtomicBool,
    /// Nothing passes, and no end of a connection learns of it.
    silent: AtomicBool,
    /// Milliseconds that each piece takes.
    delay: AtomicU64,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// In front of that port.
    pub fn of(target: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(Line::default());
        let proxy = Proxy { port, line: Arc::clone(&line) };
        std::thread::spawn(move || {
            for from in listener.incoming() {
                let Ok(from) = from else { return };
                if line.cut.load(Relaxed) {
                    continue;
                }
                let Ok(to) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                for stream in [&from, &to] {
                    let _ = stream.set_nodelay(true);
                    line.streams.lock().unwrap().push(stream.try_clone().unwrap());
                }
                for (from, to) in [(from.try_clone().unwrap(), to.try_clone().unwrap()), (to, from)] {
                    let line = Arc::clone(&line);
                    std::thread::spawn(move || line.pass(from, to));
                }
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends all connections, and makes no new ones.
    pub fn cut(&self) {
        self.line.cut.store(true, Relaxed);
        for stream in self.line.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Holds everything back.
    pub fn silence(&self) {
        self.line.silent.store(true, Relaxed);
    }

    /// Everything passes again. What was held back while it was silent is lost with its connections.
    pub fn heal(&self) {
        if self.line.silent.load(Relaxed) {
            self.cut();
        }
        self.line.silent.store(false, Relaxed);
        self.line.cut.store(false, Relaxed);
    }

    /// Each piece takes that long.
    pub fn delay(&self, delay: Duration) {
        self.line.delay.store(delay.as_millis() as u64, Relaxed);
    }
}

impl Line {
    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let len = match from.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(len) => len,
            };
            let delay = self.delay.load(Relaxed);
            if delay > 0 {
                std::thread::sleep(Duration::from_millis(delay));
            }
            while self.silent.load(Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
            }
            if to.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
