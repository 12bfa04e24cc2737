//! Connections, kept and made anew. Beside it a general pool costs a read half as much again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::fault::{self, Fault};

/// Connections of a lane.
const WIDTH: usize = 8;

/// So long a caller waits for a connection that others use, and so long for one to be made.
const ACQUIRE: Duration = Duration::from_secs(3);

/// So long a caller waits for an answer. The server gives up a second before: it knows that nothing happened.
const ANSWER: Duration = Duration::from_secs(8);

/// Every statement finds its rows by a key, and in the order of one, however little the server knows of a young table.
/// What is off counts as dear where it can't be avoided, and for dear plans the server would compile code: that is off.
const SESSION: &str = "SET statement_timeout = '7s'; SET idle_in_transaction_session_timeout = '5s'; SET jit = off; SET enable_seqscan = off; \
    SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
    SET enable_material = off; SET enable_sort = off";

/// How the server comes to its plans.
#[derive(Clone, Copy)]
pub(super) enum Plans {
    /// Once per connection: for inserts, which have but one.
    Kept,
    /// For every statement, some 0.1 ms: a plan made on an empty table knows nothing of the indexes' worth, and one
    /// kept from then walks a whole branch per row until the server next analyses the table.
    Anew,
}

impl Plans {
    fn setting(self) -> &'static str {
        match self {
            Plans::Kept => "SET plan_cache_mode = force_generic_plan",
            Plans::Anew => "SET plan_cache_mode = force_custom_plan",
        }
    }
}

/// A statement with its arguments.
pub(super) type Ask = Query<'static, sqlx::Postgres, PgArguments>;

/// A few connections that serve one statement at a time each.
pub(super) struct Lane {
    options: PgConnectOptions,
    plans: Plans,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<PgConnection>>>,
}

/// A connection that one caller has for more than a statement. It is made anew for others unless it is given back.
pub(super) struct Taken {
    pub connection: PgConnection,
    idle: Arc<Mutex<Vec<PgConnection>>>,
    _turn: OwnedSemaphorePermit,
}

impl Taken {
    /// Gives it back: no transaction is open on it.
    pub fn give_back(self) {
        lock(&self.idle).push(self.connection);
    }
}

impl Lane {
    /// Connections are made when they are needed.
    pub fn of(options: PgConnectOptions, plans: Plans) -> Self {
        Self { options, plans, turns: Arc::new(Semaphore::new(WIDTH)), idle: Arc::default() }
    }

    /// Sends a statement that reads. One that met a dead connection is sent again over a new one.
    ///
    /// # Errors
    /// The fault of the second attempt, if there was one.
    pub async fn read(&self, ask: impl Fn() -> Ask) -> Result<Vec<PgRow>, Fault> {
        match self.once(ask()).await {
            Err(Fault::Broken(_)) => self.once(ask()).await,
            answer => answer,
        }
    }

    /// Sends a statement once and gives the rows it answers.
    ///
    /// # Errors
    /// The fault. After one of the connection the lane begins with new ones: those that were idle are as dead.
    pub async fn once(&self, ask: Ask) -> Result<Vec<PgRow>, Fault> {
        let mut taken = self.take().await?;
        // Dropped on the way, whether by a time limit or by the caller, the connection is closed and not kept.
        let answer = answered(&mut taken.connection, ask).await;
        match &answer {
            Err(fault) if !fault.leaves_connection() => self.idle().clear(),
            _ => taken.give_back(),
        }
        answer
    }

    /// Takes a connection out of the lane.
    ///
    /// # Errors
    /// Nothing was sent: all are in use, or the server is not there.
    pub async fn take(&self) -> Result<Taken, Fault> {
        let turn = self.turn().await?;
        let kept = self.idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => {
                connect(&self.options, self.plans).await.map_err(|error| Fault::Unsent(error.to_string()))?
            }
        };
        Ok(Taken { connection, idle: Arc::clone(&self.idle), _turn: turn })
    }

    /// A connection of the caller's own, whose statements may take as long as they need.
    ///
    /// # Errors
    /// `Unsent`.
    pub async fn patient(&self) -> Result<PgConnection, Fault> {
        let unsent = |error: sqlx::Error| Fault::Unsent(error.to_string());
        let mut connection = connect(&self.options, self.plans).await.map_err(unsent)?;
        connection.execute("SET statement_timeout = 0").await.map_err(unsent)?;
        Ok(connection)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Fault> {
        match timeout(ACQUIRE, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Fault::Unsent("all connections to PostgreSQL are in use".to_owned())),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PgConnection>> {
        lock(&self.idle)
    }
}

fn lock(idle: &Mutex<Vec<PgConnection>>) -> MutexGuard<'_, Vec<PgConnection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends a statement over a connection and waits for its rows.
///
/// # Errors
/// The fault; after `Late` the connection is of no use.
pub(super) async fn answered(connection: &mut PgConnection, ask: Ask) -> Result<Vec<PgRow>, Fault> {
    match timeout(ANSWER, ask.fetch_all(connection)).await {
        Ok(answer) => answer.map_err(fault::sent),
        Err(_) => Err(Fault::Late),
    }
}

/// Sends statements that answer nothing over a connection, in one round trip. They hold no value from outside.
///
/// # Errors
/// As `answered`.
pub(super) async fn told(connection: &mut PgConnection, sql: String) -> Result<(), Fault> {
    match timeout(ANSWER, connection.execute(AssertSqlSafe(sql))).await {
        Ok(answer) => answer.map(|_| ()).map_err(fault::sent),
        Err(_) => Err(Fault::Late),
    }
}

/// Makes a connection within the time for it.
///
/// # Errors
/// Those of the way there, of the server, and of the time limit (as one of the way).
pub(super) async fn connect(options: &PgConnectOptions, plans: Plans) -> Result<PgConnection, sqlx::Error> {
    let connecting = async {
        let mut connection = PgConnection::connect_with(options).await?;
        connection.execute(AssertSqlSafe(format!("{SESSION}; {}", plans.setting()))).await?;
        Ok(connection)
    };
    match timeout(ACQUIRE, connecting).await {
        Ok(connected) => connected,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}
