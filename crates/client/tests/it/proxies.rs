//! Proxies of the environment. A process has one environment, so the client runs in a child.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use super::vendor::{Vendor, client_credentials, plain, token};

const CHILD: &str = "LOCUM_TEST_PROXY_CHILD";

async fn child() {
    let vendor = Vendor::new(|n, _| token(n)).await;
    let mut config = vendor.config(client_credentials());
    // The rest of the vendor lies behind the proxy.
    config.api_url = "https://api.example.invalid".into();
    let client = vendor.client_with(&plain(), config);
    client.token().await.expect("a token");
}

#[tokio::test]
async fn what_is_sent_to_loopback_passes_no_proxy() {
    if std::env::var_os(CHILD).is_some() {
        return child().await;
    }
    let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", proxy.local_addr().expect("an address"));
    let used = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&used);
    tokio::spawn(async move {
        // Each connection is counted, and dropped without an answer.
        while proxy.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command
        .args([
            "--exact",
            "proxies::what_is_sent_to_loopback_passes_no_proxy",
        ])
        .env(CHILD, "1")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &address);
    }
    let status = tokio::task::spawn_blocking(move || command.status()).await;
    assert!(status.expect("no panic").expect("it starts").success());
    assert_eq!(used.load(Ordering::SeqCst), 0);
}
