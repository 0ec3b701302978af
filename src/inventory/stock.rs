//! The routers in use: a snapshot that is replaced as a whole, by one editor at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::{FileFault, Inventory, InventorySource};

/// The routers in use, and the only way to others.
pub(crate) struct Stock {
    source: InventorySource,
    current: RwLock<Arc<Inventory>>,
    editing: Mutex<()>,
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
            editing: Mutex::default(),
        })
    }

    /// The routers at this moment; whoever has them keeps them.
    pub(crate) fn current(&self) -> Arc<Inventory> {
        Arc::clone(&self.current.read().expect("no code panics while it holds the lock"))
    }

    /// Where they were read from at the start.
    pub(crate) fn source(&self) -> &InventorySource {
        &self.source
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
    /// The routers that are in use until then.
    #[allow(dead_code, reason = "for the tools that edit the inventory")]
    pub(crate) fn current(&self) -> Arc<Inventory> {
        self.stock.current()
    }

    /// From now on these are in use. Calls that run keep those that they began with.
    pub(crate) fn replace(&self, inventory: Inventory) -> Arc<Inventory> {
        let inventory = Arc::new(inventory);
        let mut current = self
            .stock
            .current
            .write()
            .expect("no code panics while it holds the lock");
        *current = Arc::clone(&inventory);
        inventory
    }
}
