use super::*;
use crate::elf::{Place, Section};

const START: u32 = 0x100;

/// Follows code at 0x100 of which the halfwords from `data_from` on are data.
fn follow_with_data(words: &[u16], data_from: usize) -> Result<Frame, MeasureError> {
    let contents: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let bytes = contents.len() as u32;
    let section =
        Section { name: ".text".to_owned(), address: START, bytes, place: Place::Flash, contents: &contents };
    let mapping = vec![(START, true), (START + 2 * data_from as u32, false)];
    analyse(&Elf { sections: vec![section], symbols: vec![], mapping }, "f", START, bytes)
}

fn follow(words: &[u16]) -> Result<Frame, MeasureError> {
    follow_with_data(words, words.len())
}

fn reason(result: Result<Frame, MeasureError>) -> String {
    let Err(MeasureError::Unbounded { function, reason, .. }) = result else { panic!("{result:?}") };
    assert_eq!(function, "f");
    reason
}

#[test]
fn adds_up_a_prologue() {
    // push {r4, r7, lr}; add r7, sp, #4; vpush {d8}; sub sp, #64; bl .; add sp, #64; vpop {d8}; pop {r4, r7, pc}
    let words = [0xb590, 0xaf01, 0xed2d, 0x8b02, 0xb090, 0xf7ff, 0xfffe, 0xb010, 0xecbd, 0x8b02, 0xbd90];
    let frame = follow(&words).unwrap();
    assert_eq!(frame.bytes, 12 + 8 + 64);
    assert_eq!(frame.calls, [Call { to: START + 10, depth: 84, at: START + 10 }]);
}

#[test]
fn takes_the_deeper_of_two_ways() {
    // cbz r0, 1f; push {r4, lr}; b 2f; 1: push {r4, r5, r6, lr}; pop {r4, r5, r6, pc}; 2: pop {r4, pc}
    let frame = follow(&[0xb108, 0xb510, 0xe001, 0xb570, 0xbd70, 0xbd10]).unwrap();
    assert_eq!(frame.bytes, 16);
}

#[test]
fn follows_constants_into_the_stack_pointer() {
    // ldr r6, [pc, #4]; add sp, r6; bx lr; (data) .word -2000
    let words = [0x4e01, 0x44b5, 0x4770, 0xbf00, 0xf830, 0xffff];
    assert_eq!(follow_with_data(&words, 4).unwrap().bytes, 2000);
    // movw r12, #0x1234; sub.w sp, sp, r12; bx lr
    assert_eq!(follow(&[0xf241, 0x2c34, 0xebad, 0x0d0c, 0x4770]).unwrap().bytes, 0x1234);
}

#[test]
fn rounds_an_aligned_frame_up() {
    // push {r4, r7, lr}; add r7, sp, #4; sub sp, #64; mov r4, sp; bfc r4, #0, #4; mov sp, r4; sub.w r4, r7, #4;
    // mov sp, r4; pop {r4, r7, pc}
    let words = [0xb590, 0xaf01, 0xb090, 0x466c, 0xf36f, 0x0403, 0x46a5, 0xf1a7, 0x0404, 0x46a5, 0xbd90];
    assert_eq!(follow(&words).unwrap().bytes, 12 + 64 + 15);
    // The same with shifts: mov r4, sp; lsrs r4, r4, #4; lsls r4, r4, #4; mov sp, r4; bx lr
    assert_eq!(follow(&[0x466c, 0x0924, 0x0124, 0x46a5, 0x4770]).unwrap().bytes, 15);
}

#[test]
fn conditional_instructions_may_be_skipped() {
    // it eq; bxeq lr; push {r4, lr}; pop {r4, pc}
    assert_eq!(follow(&[0xbf08, 0x4770, 0xb510, 0xbd10]).unwrap().bytes, 8);
    // push {r4, lr}; it eq; popeq {r4, pc}; push {r4, lr}; sub sp, #8; bx lr: the push is not undone when skipped
    assert_eq!(follow(&[0xb510, 0xbf08, 0xbd10, 0xb510, 0xb082, 0x4770]).unwrap().bytes, 24);
}

#[test]
fn follows_table_branches() {
    // tbb [pc, r0]; (data) .byte 1, 2; then 1: bx lr; 2: push {r4, lr}; pop {r4, pc}
    let words = [0xe8df, 0xf000, 0x0201, 0x4770, 0xb510, 0xbd10];
    let contents: Vec<u8> = words.iter().flat_map(|word: &u16| word.to_le_bytes()).collect();
    let bytes = contents.len() as u32;
    let section =
        Section { name: ".text".into(), address: START, bytes, place: Place::Flash, contents: &contents };
    let mapping = vec![(START, true), (START + 4, false), (START + 6, true)];
    let elf = Elf { sections: vec![section], symbols: vec![], mapping };
    assert_eq!(analyse(&elf, "f", START, bytes).unwrap().bytes, 8);
}

#[test]
fn jumps_out_of_the_function_are_calls() {
    // push {r4, lr}; pop.w {r4, lr}; b.w .+0x20000
    let frame = follow(&[0xb510, 0xe8bd, 0x4010, 0xf020, 0xbffe]).unwrap();
    assert_eq!((frame.bytes, frame.calls.len()), (8, 1));
    assert_eq!(frame.calls[0].depth, 0);
}

#[test]
fn control_does_not_run_into_data_or_out_of_the_function() {
    // bl . (does not return); (data)
    assert_eq!(follow_with_data(&[0xf7ff, 0xfffe, 0xffff, 0xffff], 2).unwrap().bytes, 0);
    assert_eq!(follow(&[0xb510]).unwrap().bytes, 8);
}

#[test]
fn what_has_no_bound_is_told() {
    assert!(reason(follow(&[0x4798])).contains("calls a function through a register"));
    assert!(reason(follow(&[0x4718])).contains("computed address"));
    assert!(reason(follow(&[0x449f])).contains("computed address"));
    assert!(reason(follow(&[0xb672, 0xf042, 0xc001])).contains("not known"));
    // sub.w sp, sp, r0
    assert!(reason(follow(&[0xebad, 0x0d00, 0x4770])).contains("does not show"));
    // add sp, #8
    assert!(reason(follow(&[0xb002, 0x4770])).contains("above its caller's"));
    // 1: push {r4}; b 1b
    assert!(reason(follow(&[0xb410, 0xe7fd])).contains("does not show"));
    // A call forgets r0: bl .; mov sp, r0
    assert!(reason(follow(&[0x4668, 0xf7ff, 0xfffe, 0x4685])).contains("does not show"));
    // r4 is kept: mov r4, sp; bl .; mov sp, r4; bx lr
    assert_eq!(follow(&[0x466c, 0xf7ff, 0xfffe, 0x46a5, 0x4770]).unwrap().bytes, 0);
}

#[test]
fn a_pointer_that_walks_down_the_stack_is_no_growth() {
    // sub sp, #64; add r4, sp, #64; 1: subs r4, #4; cbnz r0, 2f; b 1b; 2: add sp, #64; bx lr
    let words = [0xb090, 0xac10, 0x3c04, 0xb900, 0xe7fc, 0xb010, 0x4770];
    assert_eq!(follow(&words).unwrap().bytes, 64);
}
