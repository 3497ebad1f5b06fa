//! Sends a load over kept-alive connections from one thread.
//!
//! Each connection has one request under way. Connection `c` of `n` sends transactions `c`, `c + n`, ...: as long as the
//! senders' number is a multiple of the connections', a sender's transactions keep their order. Without a rate each
//! connection sends as soon as it has its answer; with one, request `i` is due at `i / rate` and its latency counts from
//! then, so that a stalled node is not spared the requests that it delayed.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, ToSocketAddrs},
    time::{Duration, Instant, SystemTime},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use serde::Deserialize;

use crate::{
    Outcome, http,
    load_file::LoadFile,
    report::{Report, Tally},
    request::Renderer,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    path: String,
    /// `host:port`.
    host: String,
    connections: usize,
    /// Transactions of a request: more than one makes JSON-RPC batches.
    batch: usize,
    /// Requests a second over all connections.
    rate: Option<f64>,
    /// The first transaction of the file that is sent, and how many.
    #[serde(default)]
    first: usize,
    count: usize,
    /// `eth_sendRawTransactionSync`: the answer is a receipt.
    #[serde(default)]
    sync: bool,
    /// Without any answer for so long the run fails.
    timeout_ms: u64,
}

struct Connection {
    stream: TcpStream,
    out: Vec<u8>,
    written: usize,
    input: Vec<u8>,
    /// Requests that this connection has begun.
    begun: usize,
    /// Transactions of the request under way, and when it was due.
    under_way: Option<(usize, Instant)>,
}

struct Sender<'a> {
    options: &'a Options,
    load: LoadFile,
    renderer: Renderer,
    start: Instant,
    tally: Tally,
}

pub fn send(options: &Options) -> Outcome<Report> {
    let load = LoadFile::read(&options.path)?;
    if options.first + options.count > load.len() {
        return Err(format!("the load holds {} transactions only", load.len()).into());
    }
    let address = options.host.to_socket_addrs()?.next().ok_or("the host has no address")?;
    let mut poll = Poll::new()?;
    let mut connections = (0..options.connections)
        .map(|index| Connection::open(address, &poll, Token(index)))
        .collect::<Outcome<Vec<_>>>()?;
    let started_at_ms = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64() * 1e3;
    let mut sender = Sender {
        renderer: Renderer::new(&options.host, "/", options.sync),
        options,
        load,
        start: Instant::now(),
        tally: Tally::default(),
    };
    let cpu_before = cpu_ms();
    sender.run(&mut poll, &mut connections)?;
    let elapsed_ms = sender.start.elapsed().as_secs_f64() * 1e3;
    Ok(sender.tally.report(started_at_ms, elapsed_ms, cpu_ms() - cpu_before))
}

impl Connection {
    fn open(address: SocketAddr, poll: &Poll, token: Token) -> Outcome<Self> {
        let plain = std::net::TcpStream::connect(address)?;
        plain.set_nonblocking(true)?;
        plain.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(plain);
        poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, out: Vec::new(), written: 0, input: Vec::new(), begun: 0, under_way: None })
    }

    fn flush(&mut self) -> Outcome<()> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn fill(&mut self) -> Outcome<()> {
        let mut buffer = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err("the node closed a connection".into()),
                Ok(count) => self.input.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Sender<'_> {
    fn run(&mut self, poll: &mut Poll, connections: &mut [Connection]) -> Outcome<()> {
        let mut events = Events::with_capacity(1024);
        let mut idle: Vec<usize> = (0..connections.len()).collect();
        let mut last_answer = Instant::now();
        loop {
            let mut next_due: Option<Duration> = None;
            let mut waiting = Vec::new();
            for index in std::mem::take(&mut idle) {
                match self.due(index, connections[index].begun) {
                    None => {}
                    Some(wait) if wait.is_zero() => self.begin(index, &mut connections[index])?,
                    Some(wait) => {
                        next_due = Some(next_due.map_or(wait, |due| due.min(wait)));
                        waiting.push(index);
                    }
                }
            }
            idle = waiting;
            let busy = connections.iter().any(|connection| connection.under_way.is_some());
            if !busy && idle.is_empty() {
                return Ok(());
            }
            if busy && last_answer.elapsed() > Duration::from_millis(self.options.timeout_ms) {
                return Err(format!("no answer for {} ms", self.options.timeout_ms).into());
            }
            if !busy {
                last_answer = Instant::now();
            }
            if let Err(error) = poll.poll(&mut events, Some(next_due.unwrap_or(Duration::from_millis(100))))
                && error.kind() != ErrorKind::Interrupted
            {
                return Err(error.into());
            }
            for event in &events {
                let index = event.token().0;
                let connection = &mut connections[index];
                if event.is_writable() {
                    connection.flush()?;
                }
                if !event.is_readable() {
                    continue;
                }
                connection.fill()?;
                let Some((count, due)) = connection.under_way else { continue };
                if let Some((body, end)) = http::response(&connection.input)? {
                    connection.input.drain(..end);
                    connection.under_way = None;
                    self.tally.latencies.add(due.elapsed());
                    self.tally.count(&body, count as u64);
                    last_answer = Instant::now();
                    idle.push(index);
                }
            }
        }
    }

    /// How long until this connection's next request; `None` when it has none left.
    fn due(&self, index: usize, begun: usize) -> Option<Duration> {
        let connections = self.options.connections;
        (self.first_of(index, begun) < self.options.count).then(|| match self.options.rate {
            None => Duration::ZERO,
            Some(rate) => {
                let due = Duration::from_secs_f64((begun * connections + index) as f64 / rate);
                due.saturating_sub(self.start.elapsed())
            }
        })
    }

    /// Place of the first transaction of a connection's request.
    const fn first_of(&self, index: usize, begun: usize) -> usize {
        begun * self.options.batch * self.options.connections + index
    }

    fn begin(&mut self, index: usize, connection: &mut Connection) -> Outcome<()> {
        let &Options { batch, connections, first, count, rate, .. } = self.options;
        let start = self.first_of(index, connection.begun);
        let places = (0..batch).map(|place| start + place * connections).filter(|place| *place < count);
        let sent = places.clone().count();
        let load = &self.load;
        self.renderer.render(places.map(|place| load.get(first + place)), batch > 1, &mut connection.out);
        connection.written = 0;
        let due = rate.map_or_else(Instant::now, |rate| {
            self.start + Duration::from_secs_f64((connection.begun * connections + index) as f64 / rate)
        });
        connection.begun += 1;
        connection.under_way = Some((sent, due));
        connection.flush()
    }
}

/// CPU time of this process so far.
fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
