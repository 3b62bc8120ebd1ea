//! What a transaction has changed of each tenant's sums, until it ends.

use super::rules::{Growth, Standing};
use super::{Stock, recount, store};
use crate::base::error::Result;
use crate::db::Db;

/// The sums of one transaction.
#[derive(Default)]
pub struct Ledger {
    accounts: Vec<Account>,
}

/// One tenant's.
struct Account {
    tenant: i64,
    /// What it takes and may take, once something grew, kept up with what was added since.
    standing: Option<Standing>,
    grown: Vec<(&'static str, Growth)>,
    recount: Vec<&'static Stock>,
}

impl Ledger {
    fn account(&mut self, tenant: i64) -> &mut Account {
        let place = self.accounts.iter().position(|account| account.tenant == tenant).unwrap_or_else(|| {
            self.accounts.push(Account { tenant, standing: None, grown: Vec::new(), recount: Vec::new() });
            self.accounts.len() - 1
        });
        &mut self.accounts[place]
    }

    /// What a tenant takes and may take; it is read once.
    pub fn standing(&mut self, tenant: i64, read: impl FnOnce() -> Result<Standing>) -> Result<&Standing> {
        let account = self.account(tenant);
        let standing = match account.standing.take() {
            Some(standing) => standing,
            None => {
                let mut standing = read()?;
                account.grown.iter().for_each(|(kind, growth)| standing.add(kind, *growth));
                standing
            }
        };
        Ok(account.standing.insert(standing))
    }

    /// Adds to a sum.
    pub fn add(&mut self, tenant: i64, kind: &'static str, growth: Growth) {
        if growth == Growth::default() {
            return;
        }
        let account = self.account(tenant);
        if let Some(standing) = &mut account.standing {
            standing.add(kind, growth);
        }
        match account.grown.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum = sum.plus(growth),
            None => account.grown.push((kind, growth)),
        }
    }

    /// Has a stock counted anew at the end.
    pub fn recount(&mut self, tenant: i64, stock: &'static Stock) {
        let account = self.account(tenant);
        if account.recount.iter().all(|known| known.name != stock.name) {
            account.recount.push(stock);
        }
    }

    /// Writes the sums: a statement for each kind that changed. Nothing is left of them then.
    pub fn settle(&mut self, db: &mut Db) -> Result<()> {
        for Account { tenant, grown, recount, .. } in std::mem::take(&mut self.accounts) {
            for (kind, growth) in grown.into_iter().filter(|(_, growth)| *growth != Growth::default()) {
                store::add(db, tenant, kind, growth)?;
            }
            recount.into_iter().try_for_each(|stock| recount::stock(db, tenant, stock))?;
        }
        Ok(())
    }
}
