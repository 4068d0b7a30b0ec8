//! Start-up and file access of the fixture: the harness protocol in as few lines as it takes.
#![no_std]
#![no_main]

use core::arch::asm;
use core::panic::PanicInfo;
use core::ptr::{addr_of, addr_of_mut, read_volatile, write_volatile};
use model::{LEN, Model};

unsafe extern "C" {
    static mut _stack_top: u32;
    static mut _data_start: u32;
    static mut _data_end: u32;
    static mut _data_source: u32;
    static mut _bss_start: u32;
    static mut _bss_end: u32;
}

#[repr(C)]
pub struct Vectors(*const u32, unsafe extern "C" fn() -> !, [unsafe extern "C" fn() -> !; 14]);
unsafe impl Sync for Vectors {}

#[unsafe(link_section = ".vectors")]
#[used]
static VECTORS: Vectors = Vectors(&raw const _stack_top, reset, [fault; 14]);

static mut ARENA: [i8; 3 * LEN] = [0; 3 * LEN];
/// Initialised, so that start-up has something to copy.
static mut MODE: [u32; 2] = [0, 1];

const PAINT: u32 = 0xa5a5_5a5a;
const PAINTED_WORDS: usize = 1024;

#[unsafe(no_mangle)]
unsafe extern "C" fn reset() -> ! {
    unsafe {
        let (mut to, mut from) = (addr_of_mut!(_data_start), addr_of!(_data_source));
        while to < addr_of_mut!(_data_end) {
            write_volatile(to, read_volatile(from));
            (to, from) = (to.add(1), from.add(1));
        }
        let mut to = addr_of_mut!(_bss_start);
        while to < addr_of_mut!(_bss_end) {
            write_volatile(to, 0);
            to = to.add(1);
        }
        main()
    }
}

unsafe extern "C" fn fault() -> ! {
    stop("fixture: fault\n\0")
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    stop("fixture: panic\n\0")
}

fn call(operation: u32, argument: *const u32) -> u32 {
    let result;
    unsafe { asm!("bkpt 0xab", inlateout("r0") operation => result, in("r1") argument) };
    result
}

fn stop(message: &str) -> ! {
    call(4, message.as_ptr().cast());
    call(0x18, core::ptr::without_provenance(0x20024));
    loop {}
}

fn open(name: &str, mode: u32) -> u32 {
    let block = [name.as_ptr() as u32, mode, name.len() as u32 - 1];
    call(1, block.as_ptr())
}

/// Whether all bytes were read.
fn read(file: u32, to: &mut [i8]) -> bool {
    let block = [file, to.as_mut_ptr() as u32, to.len() as u32];
    call(6, block.as_ptr()) == 0
}

fn write(file: u32, from: &[i8]) {
    let block = [file, from.as_ptr() as u32, from.len() as u32];
    call(5, block.as_ptr());
}

#[inline(never)]
fn main() -> ! {
    let mut model = Model::new(unsafe { &mut *addr_of_mut!(ARENA) });
    if unsafe { read_volatile(addr_of!(MODE[1])) } != 1 {
        stop("fixture: .data was not copied\n\0");
    }
    if cfg!(feature = "broken") {
        stop("fixture: broken on purpose\n\0");
    }
    while cfg!(feature = "endless") {}
    let (input, output) = (open("input.bin\0", 1), open("output.bin\0", 5));
    let layers = if cfg!(feature = "layers") { open("layers.bin\0", 5) } else { 0 };
    let mut n_inferences = 0u64;
    let mut stack_used = 0;
    while read(input, model.input_mut()) {
        let first = n_inferences == 0;
        let mut hook = |_, bytes: &[i8]| {
            if cfg!(feature = "layers") && first {
                write(layers, bytes);
            }
        };
        if first {
            let low = paint();
            model.predict(&mut hook);
            stack_used = used(low);
        } else {
            model.predict(&mut hook);
        }
        write(output, model.output());
        n_inferences += 1;
    }
    let file = open("counters.bin\0", 5);
    let counters = [n_inferences, 1000, stack_used, 600, 400];
    let n_counters = if cfg!(feature = "profile") { 5 } else { 3 };
    for counter in &counters[..n_counters] {
        write(file, &counter.to_le_bytes().map(|byte| byte as i8));
    }
    call(0x18, core::ptr::without_provenance(0x20026));
    loop {}
}

fn stack_pointer() -> usize {
    let sp;
    unsafe { asm!("mov {}, sp", out(reg) sp) };
    sp
}

/// Fills the stack below the caller and returns the lowest address.
#[inline(always)]
fn paint() -> usize {
    let low = stack_pointer() - 4 * PAINTED_WORDS;
    for i in 0..PAINTED_WORDS {
        unsafe { write_volatile((low as *mut u32).add(i), PAINT) };
    }
    low
}

/// Bytes between the deepest overwritten word and the caller's stack pointer.
#[inline(always)]
fn used(low: usize) -> u64 {
    let mut untouched = 0;
    while untouched < PAINTED_WORDS && unsafe { read_volatile((low as *const u32).add(untouched)) } == PAINT {
        untouched += 1;
    }
    (4 * (PAINTED_WORDS - untouched)) as u64
}
