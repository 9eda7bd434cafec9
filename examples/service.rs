//! A recommender behind HTTP, with axum: lists, lists for strangers, and events that it learns from. Labels are texts.
//!
//! `cargo run --release --example service -- recommender.safetensors 8000`, then
//! `curl 'http://127.0.0.1:8000/recommend?user=ann&n=5'`

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use penchant::interactions::{Event, Flaw, Rows, Time};
use penchant::labels::Label;
use penchant::{Error, List, Recommender, Scored};
use serde::{Deserialize, Serialize};

/// What answers now, and whoever changes it.
struct Service {
    now: ArcSwap<Recommender>,
    changing: Mutex<()>,
}

#[derive(Deserialize)]
struct Asked {
    user: String,
    n: Option<usize>,
}

#[derive(Deserialize)]
struct Basket {
    items: Vec<(String, f32)>,
    n: Option<usize>,
}

#[derive(Deserialize)]
struct Happened {
    user: String,
    item: String,
    weight: f64,
}

#[derive(Serialize)]
struct Best {
    item: String,
    score: f32,
}

/// What went wrong, as an answer.
struct Problem(Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match self.0 {
            Error::UnknownLabel { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, self.0.to_string()).into_response()
    }
}

struct Events(Vec<Happened>);

impl Rows for Events {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>> {
        let Happened { user, item, weight } = &self.0[row];
        let (user, item) = (user.as_str().into(), item.as_str().into());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        Ok(Some(Event { user, item, weight: *weight, time: Time::Seconds(now) }))
    }
}

fn answer(found: &[Scored<'_>]) -> Json<Vec<Best>> {
    Json(found.iter().map(|one| Best { item: one.label.to_string(), score: one.score }).collect())
}

async fn recommend(
    State(service): State<Arc<Service>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Best>>, Problem> {
    let recommender = service.now.load_full();
    let list = List::top(asked.n.unwrap_or(10));
    // A search takes a millisecond or two: short enough to be done here.
    Ok(answer(&recommender.recommend(asked.user.as_str(), &list)?))
}

async fn recommend_for(
    State(service): State<Arc<Service>>,
    Json(basket): Json<Basket>,
) -> Result<Json<Vec<Best>>, Problem> {
    let recommender = service.now.load_full();
    let liked: Vec<(Label<'_>, f32)> =
        basket.items.iter().map(|(item, weight)| (item.as_str().into(), *weight)).collect();
    Ok(answer(&recommender.recommend_for(&liked, &List::top(basket.n.unwrap_or(10)))?))
}

async fn events(
    State(service): State<Arc<Service>>,
    Json(events): Json<Vec<Happened>>,
) -> Result<Json<usize>, Problem> {
    let count = events.len();
    let changed = tokio::task::spawn_blocking(move || {
        let _one_at_a_time = service.changing.lock().unwrap_or_else(PoisonError::into_inner);
        // Requests under way go on with what they began with.
        let mut recommender = Recommender::clone(&service.now.load_full());
        recommender.update(&Events(events))?;
        service.now.store(Arc::new(recommender));
        Ok(count)
    });
    changed.await.expect("it does not panic").map(Json).map_err(Problem)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, port] = &arguments[..] else { return Err("which file, and at which port?".into()) };
    let now = ArcSwap::from_pointee(Recommender::open(file)?);
    let service = Arc::new(Service { now, changing: Mutex::new(()) });
    let app = Router::new()
        .route("/recommend", get(recommend))
        .route("/recommend_for", post(recommend_for))
        .route("/events", post(events))
        .with_state(service);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
