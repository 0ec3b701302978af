//! Changes and crashes: the whole program against routers over TCP, with connections, clients and processes that end midway.

mod at_the_end;
mod confirmed;
mod connections;
mod jobs;
mod killed;
mod server;
mod site;
mod two_servers;
