//! The quantised and float operators that run on the device, without allocation, panic or dependency.
