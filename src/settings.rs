//! Settings of one running process, assembled from the structs that the modules declare.
