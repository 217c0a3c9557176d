//! All clients, in one loop.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::time::Duration;

use netcomm_core::client::Event;
use netcomm_core::time::Instant;
use rustix::event::{Timespec, epoll};
use rustix::io::{Errno, read};

use crate::args::Args;
use crate::client::{Client, READ, Watch};
use crate::judge::{Judge, Said, Verdict};
use crate::member::{Counts, Farewells, Member, write_text};
use netcomm_benches::latency::Histogram;

/// Marks the keys of silent connections.
const SILENT: u64 = 1 << 32;

/// How often the end of a phase is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// A connection that says nothing.
#[derive(Debug)]
struct Mute {
    socket: Option<OwnedFd>,
    since: Instant,
    heard: Vec<u8>,
}

/// All clients.
#[derive(Debug)]
pub(crate) struct Swarm {
    pub(crate) args: Args,
    start: std::time::Instant,
    watch: Watch,
    members: Vec<Member>,
    mutes: Vec<Mute>,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    posts: BinaryHeap<Reverse<(Instant, usize)>>,
    is_posting: bool,
    is_over: bool,
    judge: Judge,
    pub(crate) counts: Counts,
    /// How much later than due posts were sent: the swarm's own slowness.
    pub(crate) lateness: Histogram,
    pub(crate) unread: Farewells,
    pub(crate) unspoken: Farewells,
    buffer: Vec<u8>,
}

impl Swarm {
    pub(crate) fn new(args: Args) -> std::io::Result<Self> {
        let watch =
            Watch { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, server: args.server };
        Ok(Self {
            start: std::time::Instant::now(),
            watch,
            members: Vec::new(),
            mutes: Vec::new(),
            timers: BinaryHeap::new(),
            posts: BinaryHeap::new(),
            is_posting: false,
            is_over: false,
            judge: Judge::new(usize::from(args.rooms), args.clients),
            counts: Counts::default(),
            lateness: Histogram::default(),
            unread: Farewells::default(),
            unspoken: Farewells::default(),
            buffer: vec![0; READ],
            args,
        })
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_epoch(self.start.elapsed())
    }

    /// Brings the clients up, at the pace that was asked for. Answers how many are in their rooms.
    pub(crate) fn gather(&mut self) -> std::io::Result<usize> {
        let all = self.args.clients;
        self.connect(|swarm| swarm.members.len() < all, Self::add_member)?;
        let deadline = self.patience();
        self.run(deadline, |swarm| swarm.inside() == all)?;
        Ok(self.inside())
    }

    /// Adds those that never read and those that never speak.
    pub(crate) fn crowd(&mut self) -> std::io::Result<()> {
        let (all, silent) = (self.args.clients + self.args.never_read, self.args.silent);
        self.connect(|swarm| swarm.members.len() < all, Self::add_member)?;
        self.connect(|swarm| swarm.mutes.len() < silent, Self::add_mute)?;
        let deadline = self.patience();
        self.run(deadline, |swarm| {
            let mut crowd = swarm.members[swarm.args.clients..].iter();
            crowd.all(|member| member.frozen.is_some())
        })
    }

    /// Posts for so long.
    pub(crate) fn post(&mut self, seconds: u64) -> std::io::Result<()> {
        let now = self.now();
        let senders: Vec<usize> =
            (0..self.members.len()).filter(|&index| self.args.is_sender(index)).collect();
        let pause = self.args.pause();
        for (place, &sender) in (0_u32..).zip(&senders) {
            // Spread evenly over one pause.
            let share = f64::from(place) / f64::from(u32::try_from(senders.len()).unwrap_or(1));
            self.posts.push(Reverse((now + pause.mul_f64(share), sender)));
        }
        self.is_posting = true;
        let outcome = self.run(now + Duration::from_secs(seconds), |_| false);
        self.is_posting = false;
        self.posts.clear();
        outcome
    }

    /// Waits until everybody is back and has what was said.
    pub(crate) fn settle(&mut self) -> std::io::Result<()> {
        let deadline = self.patience();
        let mut look = self.now();
        self.run(deadline, move |swarm| {
            // The verdict takes its time.
            if swarm.now() < look {
                return false;
            }
            look = swarm.now() + LOOK * 10;
            let posted = |member: &Member| member.inside && member.posted.is_empty();
            let settled = swarm.members[..swarm.args.clients].iter().all(posted);
            settled && swarm.verdict().lost == 0
        })
    }

    /// Reads what those that never read were sent, and leaves.
    pub(crate) fn leave(&mut self) -> std::io::Result<()> {
        for member in &mut self.members[self.args.clients..] {
            member.client.thaw(&self.watch);
        }
        let deadline = self.now() + Duration::from_secs(8);
        self.run(deadline, |swarm| {
            let mut crowd = swarm.members[swarm.args.clients..].iter();
            crowd.all(|member| !member.inside)
        })?;
        let now = self.now();
        for member in &self.members[self.args.clients..] {
            if let (Some(frozen), true) = (member.frozen, member.inside) {
                self.unread.note("still connected", now.since(frozen));
            }
        }
        for mute in self.mutes.iter_mut().filter(|mute| mute.socket.is_some()) {
            self.unspoken.note("still connected", now.since(mute.since));
            mute.socket = None;
        }
        self.is_over = true;
        for index in 0..self.members.len() {
            self.members[index].client.quit(&self.watch, now);
            self.collect(index, now);
        }
        let deadline = self.now() + Duration::from_secs(5);
        self.run(deadline, |swarm| swarm.members.iter().all(|one| !one.inside))
    }

    pub(crate) fn inside(&self) -> usize {
        let readers = self.members.iter().take(self.args.clients);
        readers.filter(|member| member.inside).count()
    }

    /// How many lost their connections at least once.
    pub(crate) fn interrupted(&self) -> usize {
        let readers = self.members.iter().take(self.args.clients);
        readers.filter(|member| member.was_lost).count()
    }

    /// What is found so far.
    pub(crate) fn verdict(&self) -> Verdict {
        self.judge.verdict(|member| self.args.room_of(member))
    }

    fn patience(&self) -> Instant {
        self.now() + Duration::from_secs(self.args.patience)
    }

    fn connect(
        &mut self,
        more: impl Fn(&Self) -> bool,
        add: impl Fn(&mut Self),
    ) -> std::io::Result<()> {
        let pause = Duration::from_secs(1) / self.args.connects_per_second;
        let mut due = self.now();
        while more(self) {
            add(self);
            due = due + pause;
            if due > self.now() {
                self.run(due, |_| false)?;
            }
        }
        Ok(())
    }

    fn add_member(&mut self) {
        let (index, now) = (self.members.len(), self.now());
        let room = self.args.room_of(index);
        let nickname = format!("s{:x}-{index}", std::process::id());
        let client = Client::new(index as u64, &nickname, &room_name(room), now);
        self.members.push(Member::new(client, room));
        self.members[index].client.drive(&self.watch, now);
        self.collect(index, now);
    }

    fn add_mute(&mut self) {
        let key = SILENT | self.mutes.len() as u64;
        let since = self.now();
        let socket = self.watch.connect(key).ok();
        if socket.is_none() {
            self.unspoken.note("no connection", Duration::ZERO);
        }
        let heard = Vec::new();
        self.mutes.push(Mute { socket, since, heard });
    }

    fn run(
        &mut self,
        deadline: Instant,
        mut is_done: impl FnMut(&Self) -> bool,
    ) -> std::io::Result<()> {
        let mut events = [MaybeUninit::uninit(); 1024];
        let mut look = self.now();
        loop {
            let now = self.now();
            if now >= deadline {
                return Ok(());
            }
            if now >= look {
                if is_done(self) {
                    return Ok(());
                }
                look = self.now() + LOOK;
            }
            self.time_out(now);
            let timers = self.timers.peek().map(|Reverse((due, _))| *due);
            let posts = self.posts.peek().map(|Reverse((due, _))| *due);
            let dues = timers.into_iter().chain(posts).chain([look, deadline]);
            let due = dues.min().unwrap_or(now);
            let wait = Timespec::try_from(due.since(self.now())).unwrap_or_default();
            let ready = match epoll::wait(&self.watch.epoll, &mut events, Some(&wait)) {
                Ok((ready, _)) => ready,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            for event in ready {
                self.ready(event.data.u64());
            }
        }
    }

    fn time_out(&mut self, now: Instant) {
        while let Some(&Reverse((due, index))) = self.timers.peek()
            && due <= now
        {
            self.timers.pop();
            let member = &mut self.members[index];
            if member.armed == Some(due) {
                member.armed = None;
                if member.frozen.is_none() {
                    member.client.time_out(&self.watch, now);
                }
                self.collect(index, now);
            }
        }
        while let Some(&Reverse((due, index))) = self.posts.peek()
            && due <= now
        {
            self.posts.pop();
            if self.is_posting {
                self.say(index, due);
                self.posts.push(Reverse((due + self.args.pause(), index)));
            }
        }
    }

    fn say(&mut self, index: usize, due: Instant) {
        let now = self.now();
        self.lateness.record(now.since(due));
        let member = &mut self.members[index];
        let text = write_text(index, member.counter, now, self.args.bytes);
        let room = room_name(member.room);
        let posted = if member.inside {
            member.client.post(&self.watch, now, &room, &text).ok()
        } else {
            None
        };
        if let Some(id) = posted {
            let sender = u32::try_from(index).unwrap_or(u32::MAX);
            member.posted.push((id, Said::new(sender, member.counter, &text)));
            member.counter += 1;
            self.collect(index, now);
        } else {
            self.counts.unsent += 1;
        }
    }

    fn ready(&mut self, key: u64) {
        let now = self.now();
        let index = usize::try_from(key & (SILENT - 1)).unwrap_or(usize::MAX);
        if key & SILENT != 0 {
            return self.hear_mute(index, now);
        }
        self.members[index].client.ready(&self.watch, now, &mut self.buffer);
        self.collect(index, now);
    }

    /// Takes what a member's session has told, and looks after its timer.
    fn collect(&mut self, index: usize, now: Instant) {
        let member = &mut self.members[index];
        let is_judged = index < self.args.clients;
        for event in member.client.take_events() {
            if is_judged && !self.is_over {
                member.take(index, event, now, &mut self.judge, &mut self.counts);
            } else {
                take_unjudged(member, event, &self.watch, now, &mut self.unread);
            }
        }
        let due = member.client.due().filter(|_| member.frozen.is_none());
        if let Some(due) = due
            && member.armed.is_none_or(|armed| due < armed)
        {
            member.armed = Some(due);
            self.timers.push(Reverse((due, index)));
        }
    }

    fn hear_mute(&mut self, index: usize, now: Instant) {
        let mute = &mut self.mutes[index];
        let Some(socket) = &mute.socket else {
            return;
        };
        match read(socket, &mut self.buffer[..]) {
            Ok(length) if length > 0 => {
                let room = 200_usize.saturating_sub(mute.heard.len());
                mute.heard.extend_from_slice(&self.buffer[..length.min(room)]);
            }
            Err(Errno::AGAIN | Errno::INTR) => {
                // Connected: from now on only what comes is of interest.
                let key = SILENT | index as u64;
                self.watch.listen(key, socket, epoll::EventFlags::IN);
            }
            outcome => {
                let text = String::from_utf8_lossy(&mute.heard);
                let end = outcome.err().map_or("", |_| " (reset)");
                let what = format!("{}{end}", text.trim_end().escape_debug());
                self.unspoken.note(&what, now.since(mute.since));
                mute.socket = None;
            }
        }
    }
}

/// What a client's session has told that is not judged: one that never reads, or any at the end.
fn take_unjudged(
    member: &mut Member,
    event: Event,
    watch: &Watch,
    now: Instant,
    unread: &mut Farewells,
) {
    match event {
        Event::RoomEntered { .. } if member.frozen.is_none() => {
            member.inside = true;
            member.frozen = Some(now);
            member.client.freeze(watch);
        }
        Event::Lost { why, .. } => {
            if let (Some(frozen), true) = (member.frozen, member.inside) {
                unread.note(&why.to_string(), now.since(frozen));
            }
            member.inside = false;
        }
        Event::Ended { .. } => member.inside = false,
        _ => {}
    }
}

fn room_name(room: usize) -> String {
    format!("room-{room:03}")
}
