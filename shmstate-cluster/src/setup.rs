//! The first process of a machine. It makes the machine's regions from the cluster's state, or the cluster's state from the machine's region.

use crate::contents::{self, ContentsError, Loaded};
use crate::control::Control;
use crate::delta::outside;
use crate::engine::{Appended, Engine, Failed};
use crate::entry::{self, What, Whole};
use crate::error::Error;
use crate::identity::Identity;
use crate::paths::Paths;
use shmstate::dynamic::Snapshot;
use shmstate::{SharedLayout, State};
use std::time::Duration;
use tokio::runtime::Runtime;

/// What the first process needs for this.
pub(crate) struct Setup<'s, E> {
    pub(crate) engine: E,
    pub(crate) runtime: &'s Runtime,
    pub(crate) paths: &'s Paths,
    pub(crate) control: &'s State<Control>,
    pub(crate) name: &'s str,
    pub(crate) timeout: Duration,
    /// Whether the layout of the cluster's state may be changed.
    pub(crate) migrates: bool,
    /// An entry that is passed over, or 0.
    pub(crate) pass_over: u64,
}

impl<E: Engine> Setup<'_, E> {
    /// Makes the regions. This process is the elected one.
    pub(crate) fn run<T: SharedLayout>(
        &self,
        state: shmstate::Options<'_, T>,
        ahead: shmstate::Options<'_, T>,
    ) -> Result<(), Error> {
        let (paths, control) = (self.paths, self.control);
        self.remove_remains::<T>()?;
        let random = || (u128::from(contents::nonce()) << 64 | u128::from(contents::nonce())).max(1);
        // The number of an earlier attempt, which may have succeeded without this machine learning of it.
        let cluster = Some(control.read(|c| c.cluster)?).filter(|cluster| *cluster != 0).unwrap_or_else(random);
        let mut identity = Identity::new(cluster, random(), State::<T>::schema(), State::<T>::local_bytes()?);
        let (mut loaded, mut is_new) = (None, false);
        let region = state.open_or_restore(&paths.state, |lineage| {
            is_new = true;
            // If this process dies, the region is known to be unfinished.
            control.update(|c| c.state = lineage)?;
            loaded = self.load(0)?;
            loaded.as_ref().map(|loaded| self.snapshot::<T>(&identity, loaded)).transpose()
        })?;
        if !is_new {
            loaded = self.load(0)?;
            // This machine may have founded the state, and died before it could note that.
            if let Some(Loaded { whole, .. }) = &loaded
                && whole.cluster != identity.cluster
            {
                let why = "there is a region of that name, and the cluster has a state of that name, and they have nothing to do with \
                           each other";
                return Err(self.unrelated(why));
            }
        }
        let (applied, digest) = match loaded {
            // The state was carried over from another layout: the cluster's state has this layout from now on.
            Some(Loaded { seq, digest, whole, .. }) if is_new && whole.layout != identity.layout => {
                if !self.migrates {
                    shmstate::remove(&paths.state)?;
                    return Err(Error::InvalidOption(format!(
                        "`{}`: the cluster's state has other fields with `#[shared(local)]` than this program: make them the same; or have \
                         this program's taken for all machines by `options().migrate(Migrate::Auto)`",
                        self.name
                    )));
                }
                identity.cluster = whole.cluster;
                let Some(digest) = self.found(&identity, &region, seq, digest)? else {
                    shmstate::remove(&paths.state)?;
                    return Err(Error::Conflict { name: self.name.to_owned(), tries: 1 });
                };
                (seq + 1, digest)
            }
            Some(Loaded { seq, digest, whole, .. }) => {
                identity.cluster = whole.cluster;
                if !is_new {
                    self.fill(&identity, &region, &whole)?;
                }
                (seq, digest)
            }
            None => match self.found(&identity, &region, 0, 0)? {
                Some(digest) => (1, digest),
                // Another machine was first.
                None => {
                    let Some(Loaded { seq, digest, whole, .. }) = self.load(1)? else {
                        return Err(self.damaged("its log is empty"));
                    };
                    if !is_new && whole.cluster != identity.cluster {
                        return Err(self.unrelated("the cluster has got a state of that name meanwhile"));
                    }
                    self.fill(&identity, &region, &whole)?;
                    identity.cluster = whole.cluster;
                    (seq, digest)
                }
            },
        };
        let content = region.read_bytes(|bytes, _| Snapshot::from_parts(&identity.document, 0, bytes))??;
        let ahead = ahead.open_or_restore(&paths.ahead, |lineage| {
            control.update(|c| c.ahead = lineage)?;
            Ok::<_, Error>(Some(content))
        })?;
        let lineages = (region.lineage(), ahead.lineage());
        Ok(control.update(|c| {
            (c.state, c.ahead) = lineages;
            (c.machine, c.cluster) = (identity.machine, identity.cluster);
            (c.applied, c.digest, c.settled) = (applied, digest, 0);
            c.disconnect("the link has not begun yet");
        })?)
    }

    /// Removes what is left of a process that has died while it made the regions.
    fn remove_remains<T: SharedLayout>(&self) -> Result<(), Error> {
        let (state, ahead) = self.control.read(|c| (c.state, c.ahead))?;
        for (begun, path) in [(state, &self.paths.state), (ahead, &self.paths.ahead)] {
            if begun != 0
                && let Ok(remains) = State::<T>::open(path)
                && remains.lineage() == begun
            {
                remains.remove()?;
            }
        }
        Ok(())
    }

    /// Gives a region what the cluster has.
    fn fill<T: SharedLayout>(&self, identity: &Identity, region: &State<T>, whole: &Whole) -> Result<(), Error> {
        if whole.layout != identity.layout || whole.bytes.len() != size_of::<T>() {
            return Err(self.unrelated("the cluster has a state of that name, of another layout"));
        }
        let shared = outside(&[0..size_of::<T>()], &identity.local);
        region.apply(shared.into_iter().map(|range| (range.start, &whole.bytes[range])))?;
        Ok(())
    }

    /// All of the state, if the cluster has it; its log has at least that many entries.
    fn load(&self, least: u64) -> Result<Option<Loaded>, Error> {
        self.wait(async {
            loop {
                // The engine's answer may be slightly outdated.
                let newest = self.engine.newest().await?.max(least);
                if newest == 0 {
                    return Ok(None);
                }
                match contents::load(&self.engine, newest, self.pass_over).await {
                    Ok(loaded) => return Ok(Some(loaded)),
                    // Entries were forgotten meanwhile: there is a newer snapshot.
                    Err(ContentsError::Lost(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                    Err(damaged) => return Err(damaged),
                }
            }
        })
    }

    /// What the cluster has, with the local fields that a new state has here.
    fn snapshot<T: SharedLayout>(&self, identity: &Identity, loaded: &Loaded) -> Result<Snapshot, Error> {
        let Loaded { seq, whole, .. } = loaded;
        let mut bytes = whole.bytes.to_vec();
        if whole.layout == identity.layout && bytes.len() == size_of::<T>() && !identity.local.is_empty() {
            let new = State::<T>::options().copies(2).handles(1).anonymous()?;
            new.read_bytes(|new, _| {
                identity.local.iter().for_each(|range| bytes[range.clone()].copy_from_slice(&new[range.clone()]));
            })?;
        }
        Snapshot::from_parts(&whole.schema, *seq, bytes).or_else(|e| Err(self.refusal(loaded, e.to_string())?))
    }

    /// What the cluster has is no value of its type: finds the first entry with which that is so.
    fn refusal(&self, loaded: &Loaded, why: String) -> Result<Error, Error> {
        let wrong_at = |newest: u64| {
            let Loaded { seq, whole, .. } = self.wait(contents::load(&self.engine, newest, self.pass_over))?;
            Ok::<_, Error>(
                Snapshot::from_parts(&whole.schema, seq, Vec::from(whole.bytes)).err().map(|e| e.to_string()),
            )
        };
        let (mut right, mut wrong, mut why) = (loaded.first, loaded.seq, why);
        if right > 0
            && let Some(why) = wrong_at(right)?
        {
            return Ok(self.damaged(&format!("the snapshot after entry {right} is no value of its type: {why}")));
        }
        while right + 1 < wrong {
            let middle = right.midpoint(wrong);
            match wrong_at(middle)? {
                None => right = middle,
                Some(e) => (wrong, why) = (middle, e),
            }
        }
        Ok(Error::Refused { name: self.name.to_owned(), entry: wrong, why })
    }

    /// Makes the content of the region the state of the cluster, if entry `after`, whose digest is `before`, is the newest one. Returns
    /// the digest of the entry that does so.
    fn found<T: SharedLayout>(
        &self,
        identity: &Identity,
        region: &State<T>,
        after: u64,
        before: u64,
    ) -> Result<Option<u64>, Error> {
        let content = region.read_bytes(|bytes, _| identity.whole(bytes))?;
        // If this process dies, the next one knows what it has founded.
        self.control.update(|c| c.cluster = identity.cluster)?;
        self.wait(async {
            let content = contents::write_of_entry(&self.engine, after, content).await?;
            let entry = identity.entry(before, 0, What::Whole { content: content.clone() }).to_bytes();
            let digest = entry::digest(&entry);
            match self.engine.append(after, entry).await? {
                Appended::Yes => Ok(Some(digest)),
                Appended::Conflict => {
                    self.engine.remove(&content).await?;
                    Ok(None)
                }
            }
        })
    }

    fn unrelated(&self, why: &str) -> Error {
        Error::Unrelated { path: self.paths.state.clone(), why: why.to_owned() }
    }

    /// Runs an operation on the engine, no longer than the timeout.
    fn wait<R>(&self, doing: impl Future<Output = Result<R, ContentsError>>) -> Result<R, Error> {
        let done = self.runtime.block_on(async { tokio::time::timeout(self.timeout, doing).await });
        match done {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(ContentsError::Lost(failed))) => Err(disconnected(self.name, failed)),
            Ok(Err(ContentsError::Refused { entry, why })) => {
                Err(Error::Refused { name: self.name.to_owned(), entry, why })
            }
            Ok(Err(ContentsError::Damaged(why))) => Err(self.damaged(&why)),
            Err(_) => Err(disconnected(self.name, Failed("the engine has not answered in time".into()))),
        }
    }

    fn damaged(&self, why: &str) -> Error {
        Error::Damaged { name: self.name.to_owned(), why: why.to_owned() }
    }
}

/// There never was a connection.
pub(crate) fn disconnected(name: &str, failed: Failed) -> Error {
    Error::Disconnected { name: name.to_owned(), since: None, why: failed.0 }
}
