use super::*;

/// Encodings as GNU as makes them, at address 0x100.
const AT: u32 = 0x100;

fn check(cases: &[(&[u16], &str, Effect)]) {
    for (words, text, effect) in cases {
        let instruction = decode(AT, words[0], words.get(1).copied());
        assert_eq!(instruction, Instruction { bytes: 2 * words.len() as u32, effect: *effect }, "{text}");
    }
}

const fn stack(value: i32) -> Effect {
    AddConstant { to: SP, from: SP, value }
}

#[test]
fn pushes_and_frames() {
    check(&[
        (&[0xb5f0], "push {r4, r5, r6, r7, lr}", stack(-20)),
        (&[0xb090], "sub sp, #64", stack(-64)),
        (&[0xb010], "add sp, #64", stack(64)),
        (&[0xe92d, 0x0f00], "push.w {r8, r9, r10, r11}", stack(-16)),
        (&[0xe92d, 0x000f], "stmdb sp!, {r0, r1, r2, r3}", stack(-16)),
        (&[0xf84d, 0xed04], "str lr, [sp, #-4]!", stack(-4)),
        (&[0xf84d, 0x8d08], "str r8, [sp, #-8]!", stack(-8)),
        (&[0xe96d, 0x0102], "strd r0, r1, [sp, #-8]!", stack(-8)),
        (&[0xed2d, 0x8b08], "vpush {d8-d11}", stack(-32)),
        (&[0xed2d, 0x8a01], "vpush {s16}", stack(-4)),
        (&[0xecbd, 0x8b08], "vpop {d8-d11}", stack(32)),
        (&[0xf5ad, 0x5d80], "sub.w sp, sp, #4096", stack(-4096)),
        (&[0xf6ad, 0x7dfc], "subw sp, sp, #4092", stack(-4092)),
        (&[0xf1ad, 0x2dff], "sub.w sp, sp, #0xff00ff00", stack(0x00ff_0100)),
        (&[0xf50d, 0x6da0], "add.w sp, sp, #1280", stack(1280)),
        (&[0xebad, 0x0d04], "sub.w sp, sp, r4", AddRegister { to: SP, a: SP, b: 4, subtract: true }),
        (&[0x44b5], "add sp, r6", AddRegister { to: SP, a: SP, b: 6, subtract: false }),
        (&[0xbdf0], "pop {r4, r5, r6, r7, pc}", Pop { writes: 0x80f0, bytes: 20 }),
        (&[0xe8bd, 0x0f00], "pop.w {r8, r9, r10, r11}", Pop { writes: 0x0f00, bytes: 16 }),
        (&[0xe8bd, 0x8110], "pop.w {r4, r8, pc}", Pop { writes: 0x8110, bytes: 12 }),
        (&[0xf85d, 0xeb04], "ldr lr, [sp], #4", Pop { writes: 0x4000, bytes: 4 }),
        (&[0xf85d, 0xfb04], "ldr pc, [sp], #4", Pop { writes: 0x8000, bytes: 4 }),
        (&[0xe8fd, 0x0102], "ldrd r0, r1, [sp], #8", Pop { writes: 3, bytes: 8 }),
        (&[0xf380, 0x8808], "msr msp, r0", Writes(1 << 13)),
    ]);
}

#[test]
fn values_that_reach_the_stack_pointer() {
    check(&[
        (&[0xaf03], "add r7, sp, #12", AddConstant { to: 7, from: SP, value: 12 }),
        (&[0x466f], "mov r7, sp", moved(7, SP)),
        (&[0x46bd], "mov sp, r7", moved(SP, 7)),
        (&[0xf1a7, 0x041c], "sub.w r4, r7, #28", AddConstant { to: 4, from: 7, value: -28 }),
        (&[0x1f3c], "subs r4, r7, #4", AddConstant { to: 4, from: 7, value: -4 }),
        (&[0xf201, 0x40d2], "addw r0, r1, #1234", AddConstant { to: 0, from: 1, value: 1234 }),
        (&[0x1888], "adds r0, r1, r2", AddRegister { to: 0, a: 1, b: 2, subtract: false }),
        (&[0xf36f, 0x0403], "bfc r4, #0, #4", AlignDown { to: 4, from: 4, n_bits: 4 }),
        (&[0xf024, 0x040f], "bic r4, r4, #15", AlignDown { to: 4, from: 4, n_bits: 4 }),
        (&[0xf004, 0x04f8], "and r4, r4, #0xf8", Writes(1 << 4)),
        (&[0x0924], "lsrs r4, r4, #4", ShiftRight { to: 4, from: 4, by: 4 }),
        (&[0x0124], "lsls r4, r4, #4", ShiftLeft { to: 4, from: 4, by: 4 }),
        (&[0xea4f, 0x1404], "lsl.w r4, r4, #4", ShiftLeft { to: 4, from: 4, by: 4 }),
        (&[0xea4f, 0x1814], "lsr.w r8, r4, #4", ShiftRight { to: 8, from: 4, by: 4 }),
        (&[0xf241, 0x2c34], "movw r12, #0x1234", Constant { to: 12, value: 0x1234 }),
        (&[0xf6ca, 0x3ccd], "movt r12, #0xabcd", UpperHalf { to: 12, value: 0xabcd }),
        (&[0xf44f, 0x3090], "mov.w r0, #0x12000", Constant { to: 0, value: 0x12000 }),
        (&[0xf06f, 0x000f], "mvn r0, #15", Constant { to: 0, value: !15 }),
        (&[0x20c8], "movs r0, #200", Constant { to: 0, value: 200 }),
        (&[0x4248], "rsbs r0, r1, #0", Negate { to: 0, from: 1 }),
        (&[0xf1c1, 0x0000], "rsb.w r0, r1, #0", Negate { to: 0, from: 1 }),
        (&[0xf1c1, 0x0004], "rsb r0, r1, #4", Writes(1)),
        (&[0x4845], "ldr r0, [pc, #276]", Literal { to: 0, address: AT + 4 + 276 }),
        (&[0xf8df, 0x8114], "ldr.w r8, [pc, #276]", Literal { to: 8, address: AT + 4 + 276 }),
        (&[0xf85f, 0x8004], "ldr.w r8, [pc, #-4]", Literal { to: 8, address: AT }),
    ]);
}

#[test]
fn control_flow() {
    check(&[
        (&[0xf7ff, 0xfffe], "bl .", Call { to: AT }),
        (&[0xf0ff, 0xfffe], "bl .+0x100000", Call { to: AT + 0x10_0000 }),
        (&[0xf6ff, 0xbffe], "b.w .-0x100000", Branch { to: AT.wrapping_sub(0x10_0000), conditional: false }),
        (&[0xf01f, 0x87fe], "beq.w .+0x20000", Branch { to: AT + 0x2_0000, conditional: true }),
        (&[0xe7f6], "b .-16", Branch { to: AT - 16, conditional: false }),
        (&[0xd0f5], "beq .-18", Branch { to: AT - 18, conditional: true }),
        (&[0xb100], "cbz r0, .+4", Branch { to: AT + 4, conditional: true }),
        (&[0xbb08], "cbnz r0, .+70", Branch { to: AT + 70, conditional: true }),
        (&[0x4770], "bx lr", Return),
        (&[0x46f7], "mov pc, lr", Return),
        (&[0x4718], "bx r3", Jump),
        (&[0x469f], "mov pc, r3", Jump),
        (&[0xf8d0, 0xf000], "ldr pc, [r0]", Jump),
        (&[0xe891, 0x8001], "ldmia r1, {r0, pc}", Jump),
        (&[0x4798], "blx r3", CallRegister),
        (&[0x449f], "add pc, r3", AddToPc),
        (&[0xe8df, 0xf000], "tbb [pc, r0]", Table { entry_bytes: 1 }),
        (&[0xe8df, 0xf010], "tbh [pc, r0, lsl #1]", Table { entry_bytes: 2 }),
        (&[0xe8d1, 0xf000], "tbb [r1, r0]", Jump),
        (&[0xbf0b], "itete eq", IfThen { n: 4 }),
        (&[0xbf08], "it eq", IfThen { n: 1 }),
        (&[0xbf00], "nop", Writes(0)),
        (&[0xde00], "udf #0", Trap),
        (&[0xf7f0, 0xa000], "udf.w #0", Trap),
        (&[0xf042, 0xc001], "dls lr, r2 (v8.1-M)", Unknown),
        (&[0xefb0, 0x0040], "a vector instruction", Unknown),
    ]);
}

#[test]
fn registers_that_others_write() {
    check(&[
        (&[0x2804], "cmp r0, #4", Writes(0)),
        (&[0xf5b0, 0x5f90], "cmp.w r0, #4608", Writes(0)),
        (&[0xea10, 0x0f01], "tst.w r0, r1", Writes(0)),
        (&[0x4588], "cmp r8, r1", Writes(0)),
        (&[0xfb82, 0x0103], "smull r0, r1, r2, r3", Writes(3)),
        (&[0xfb21, 0x3002], "smlad r0, r1, r2, r3", Writes(1)),
        (&[0xfb91, 0xf0f2], "sdiv r0, r1, r2", Writes(1)),
        (&[0xfbe2, 0x0163], "umaal r0, r1, r2, r3", Writes(3)),
        (&[0xf301, 0x0007], "ssat r0, #8, r1", Writes(1)),
        (&[0xf3c1, 0x0082], "ubfx r0, r1, #2, #3", Writes(1)),
        (&[0xb248], "sxtb r0, r1", Writes(1)),
        (&[0xfa4f, 0xf881], "sxtb.w r8, r1", Writes(1 << 8)),
        (&[0xeac1, 0x0002], "pkhbt r0, r1, r2", Writes(1)),
        (&[0xfab1, 0xf081], "clz r0, r1", Writes(1)),
        (&[0xeb01, 0x0082], "add.w r0, r1, r2, lsl #2", Writes(1)),
        (&[0xf20f, 0x0004], "adr.w r0, .+8", Writes(1)),
        (&[0xc80e], "ldmia r0!, {r1, r2, r3}", Writes(0xf)),
        (&[0xe890, 0x000e], "ldmia.w r0, {r1, r2, r3}", Writes(0xe)),
        (&[0xc00e], "stmia r0!, {r1, r2, r3}", Writes(1)),
        (&[0x7848], "ldrb r0, [r1, #1]", Writes(1)),
        (&[0x568b], "ldrsb r3, [r1, r2]", Writes(8)),
        (&[0x548b], "strb r3, [r1, r2]", Writes(0)),
        (&[0xf911, 0x3b01], "ldrsb.w r3, [r1], #1", Writes(0xa)),
        (&[0xf911, 0x3012], "ldrsb.w r3, [r1, r2, lsl #1]", Writes(8)),
        (&[0xf8d1, 0x33e8], "ldr.w r3, [r1, #1000]", Writes(8)),
        (&[0xf851, 0x3c04], "ldr.w r3, [r1, #-4]", Writes(8)),
        (&[0xf841, 0x3b04], "str.w r3, [r1], #4", Writes(2)),
        (&[0x9b02], "ldr r3, [sp, #8]", Writes(8)),
        (&[0x9302], "str r3, [sp, #8]", Writes(0)),
        (&[0xf890, 0xf000], "pld [r0]", Writes(0)),
        (&[0xf3bf, 0x8f4f], "dsb sy", Writes(0)),
        (&[0xf3ef, 0x8010], "mrs r0, primask", Writes(1)),
        (&[0xee10, 0x0a10], "vmov r0, s0", Writes(1)),
        (&[0xee00, 0x0a10], "vmov s0, r0", Writes(0)),
        (&[0xec51, 0x0b10], "vmov r0, r1, d0", Writes(3)),
        (&[0xeef1, 0xfa10], "vmrs apsr_nzcv, fpscr", Writes(0)),
        (&[0xee30, 0x0a81], "vadd.f32 s0, s1, s2", Writes(0)),
        (&[0xed9d, 0x0a01], "vldr s0, [sp, #4]", Writes(0)),
        (&[0xecb0, 0x0a04], "vldmia r0!, {s0-s3}", Writes(1)),
        (&[0xb672], "cpsid i", Writes(0)),
        (&[0x10c8], "asrs r0, r1, #3", Writes(1)),
        (&[0xbeab], "bkpt 0xab", Writes(1)),
        (&[0xdf00], "svc 0", Writes(0)),
        (&[0xba08], "rev r0, r1", Writes(1)),
    ]);
}

#[test]
fn any_bits_decode_to_something() {
    // Every first halfword, with second ones that differ in all fields; lengths follow from the first alone.
    for first in 0..=u16::MAX {
        for second in [0, 0x8000, 0xd000, 0xffff, 0x0f0f, 0xa5a5] {
            let instruction = decode(AT, first, Some(second));
            assert_eq!(instruction.bytes, if first >= 0xe800 { 4 } else { 2 }, "{first:#x}");
        }
    }
    assert_eq!(decode(AT, 0xf7ff, None).effect, Unknown);
}
