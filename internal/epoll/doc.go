// Package epoll is the backend of Linux: epoll(7), level-triggered.
package epoll
