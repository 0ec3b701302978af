//! The routers in use: a snapshot that is replaced as a whole, by one editor at a time.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use super::{
    FileFault, Inventory, InventorySource,
    change::Change,
    reload::{self, ReloadFault, Trigger},
};

/// The routers in use, and the only way to others.
pub(crate) struct Stock {
    source: InventorySource,
    /// The file that is in use, when it is another one than at the start.
    switched: Mutex<Option<PathBuf>>,
    told: Box<dyn Fn(&Attempt<'_>) + Send + Sync>,
    current: RwLock<Arc<Inventory>>,
    editing: Mutex<()>,
}

/// That others were to take the place of the routers in use, and what came of it.
pub(crate) struct Attempt<'a> {
    pub(crate) trigger: Trigger,
    /// The file they are from.
    pub(crate) path: Option<&'a Path>,
    pub(crate) result: Result<&'a Change, &'a ReloadFault>,
}

/// The right to put others in their place. Blocks the threads of all who want it too, so nobody waits while holding it but for
/// the disk.
pub(crate) struct Turn<'a> {
    stock: &'a Stock,
    _editing: MutexGuard<'a, ()>,
}

impl Stock {
    /// Reads the routers of `source`.
    pub(crate) fn open(source: InventorySource) -> Result<Self, FileFault> {
        Ok(Self {
            current: RwLock::new(Arc::new(source.load()?)),
            source,
            switched: Mutex::default(),
            told: Box::new(|_| ()),
            editing: Mutex::default(),
        })
    }

    /// The same routers, telling `told` of every attempt to replace them.
    pub(crate) fn telling(self, told: impl Fn(&Attempt<'_>) + Send + Sync + 'static) -> Self {
        Self {
            told: Box::new(told),
            ..self
        }
    }

    /// The routers at this moment; whoever has them keeps them.
    pub(crate) fn current(&self) -> Arc<Inventory> {
        Arc::clone(&self.current.read().expect("no code panics while it holds the lock"))
    }

    /// The file that they are from; none when they are in no file.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let switched = self.switched.lock().unwrap_or_else(PoisonError::into_inner);
        switched.clone().or_else(|| self.start().map(Path::to_owned))
    }

    /// The file given at the start.
    fn start(&self) -> Option<&Path> {
        match &self.source {
            InventorySource::File(path) => Some(path),
            InventorySource::Text(_) | InventorySource::Memory(_) => None,
        }
    }

    /// The file that they are from as callers may name it: below the folder of the file given at the start.
    pub(crate) fn file_name(&self) -> Option<String> {
        let path = self.path()?;
        let name = path.strip_prefix(reload::folder(self.start()?)).unwrap_or(&path);
        Some(name.display().to_string())
    }

    /// Waits for the right to replace them: whoever reads or writes their file in order to do so has it for as long.
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn {
            stock: self,
            // It guards no data, only the order of things.
            _editing: self.editing.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Turn<'_> {
    /// Reads the file in use again, or another one, which is in use from then on. What a caller asks for is refused where any
    /// entry is faulty or a rule that forbids something would be gone.
    pub(crate) fn reload(&self, trigger: Trigger, other: Option<&str>) -> Result<Change, ReloadFault> {
        let path = self.file(other);
        let judged = path.clone().and_then(|path| self.judged(trigger, &path));
        let result = judged.inspect(|change| {
            self.put(Arc::clone(&change.current));
            let mut switched = self.stock.switched.lock().unwrap_or_else(PoisonError::into_inner);
            *switched = path.clone().ok();
        });
        (self.stock.told)(&Attempt {
            trigger,
            path: path.as_deref().ok(),
            result: result.as_ref(),
        });
        result
    }

    fn file(&self, other: Option<&str>) -> Result<PathBuf, ReloadFault> {
        let start = self.stock.start().ok_or(ReloadFault::NoFile)?;
        match other {
            Some(name) => reload::named(start, name),
            None => self.stock.path().ok_or(ReloadFault::NoFile),
        }
    }

    fn judged(&self, trigger: Trigger, path: &Path) -> Result<Change, ReloadFault> {
        let inventory = Inventory::read(path)?;
        if inventory.routers().len() == 0 {
            return Err(ReloadFault::Empty);
        }
        let problems = reload::problems(&inventory);
        let is_caller = trigger == Trigger::Tool;
        if is_caller && !problems.is_empty() {
            return Err(ReloadFault::Invalid(problems));
        }
        let change = Change::between(self.stock.current(), Arc::new(inventory));
        let weakened = change.weakened();
        match is_caller && !weakened.is_empty() {
            true => Err(ReloadFault::Weakened(weakened)),
            false => Ok(change),
        }
    }

    /// The routers that are in use until then.
    pub(crate) fn current(&self) -> Arc<Inventory> {
        self.stock.current()
    }

    /// From now on these are in use. Calls that run keep those that they began with.
    pub(crate) fn replace(&self, inventory: Inventory) -> Arc<Inventory> {
        let inventory = Arc::new(inventory);
        let change = Change::between(self.stock.current(), Arc::clone(&inventory));
        self.put(Arc::clone(&inventory));
        (self.stock.told)(&Attempt {
            trigger: Trigger::Edit,
            path: self.stock.path().as_deref(),
            result: Ok(&change),
        });
        inventory
    }

    fn put(&self, inventory: Arc<Inventory>) {
        let mut current = self
            .stock
            .current
            .write()
            .expect("no code panics while it holds the lock");
        *current = inventory;
    }
}
