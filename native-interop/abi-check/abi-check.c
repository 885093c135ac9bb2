// Prints what the kernel's headers say of every struct, field and constant that DmIoUring.Interop repeats in C#;
// a test compares the two, name by name. By hand:
//
//     cc -o abi-check abi-check.c && ./abi-check
//
// One fact a line, numbers in decimal:
//
//     struct NAME SIZE
//     field STRUCT.NAME OFFSET SIZE
//     const NAME VALUE
//     newer field STRUCT.NAME OFFSET SIZE VERSION SOURCE
//     newer const NAME VALUE VERSION SOURCE
//
// "newer": the installed headers are older than the name. Its numbers were read from SOURCE of the kernel VERSION that
// brought it, and give way to the headers' own as soon as those have it. Needs the headers of Linux 6.1 or later.
//
// Some depend on the architecture: O_DIRECT, __O_TMPFILE's O_DIRECTORY, the numbers of older system calls. The headers of
// the machine that compiles this answer for that machine: include/uapi/asm-generic/fcntl.h on x64 (O_DIRECT is 040000
// octal), arch/arm64/include/uapi/asm/fcntl.h on Arm64 (0200000 octal). A cross compiler answers for another, and what it
// makes need not run here: with FACTS_IN_ASSEMBLY the facts are comments of the assembly, as the kernel's own build
// passes constants on (include/linux/kbuild.h).
//
//     aarch64-linux-gnu-gcc -DFACTS_IN_ASSEMBLY -S -o - abi-check.c | sed -n "s/[\$#]//g; s/.*FACT //p"

#include <stddef.h>
#include <stdio.h>

#include <asm/errno.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/blkzoned.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <linux/io_uring.h>
#include <linux/ioprio.h>
#include <linux/loop.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/nvme_ioctl.h>
#include <linux/poll.h>
#include <linux/resource.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <linux/uio.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/blkdev.h>
#endif

// Kept from C programs by the kernel's headers (S_IF...), or in them only since 6.6 (EFD_...).
#include <sys/eventfd.h>
#include <sys/stat.h>

#define SINCE(major, minor) (LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0))

#ifdef FACTS_IN_ASSEMBLY
// A constant may have a sign before it, $ or #.
#define FACT1(text, value, source) __asm__ volatile("\n// FACT " text " %0" source : : "i"((long long)(value)))
#define FACT2(text, first, second, source) \
    __asm__ volatile("\n// FACT " text " %0 %1" source : : "i"((long long)(first)), "i"((long long)(second)))
#else
#define FACT1(text, value, source) printf(text " %lld" source "\n", (long long)(value))
#define FACT2(text, first, second, source) printf(text " %lld %lld" source "\n", (long long)(first), (long long)(second))
#endif

#define STRUCT(name) FACT1("struct " #name, sizeof(struct name), "")
#define FIELD(type, name) \
    FACT2("field " #type "." #name, offsetof(struct type, name), sizeof(((struct type *)0)->name), "")
#define CONST(name) FACT1("const " #name, name, "")

#define NEWER_FIELD(type, name, offset, size, version, source) \
    FACT2("newer field " #type "." #name, offset, size, " " version " " source)
#define NEWER_STRUCT(name, size, version, source) FACT1("newer struct " #name, size, " " version " " source)
#define NEWER_CONST(name, value, version, source) FACT1("newer const " #name, value, " " version " " source)

#define IO_URING_H "include/uapi/linux/io_uring.h"
#define STAT_H "include/uapi/linux/stat.h"
#define FS_H "include/uapi/linux/fs.h"
#define FUSE_H "include/uapi/linux/fuse.h"
#define BLKDEV_H "include/uapi/linux/blkdev.h"
#define MMAN_COMMON_H "include/uapi/asm-generic/mman-common.h"

static void io_uring_structs(void)
{
    STRUCT(io_uring_sqe);
    FIELD(io_uring_sqe, opcode);
    FIELD(io_uring_sqe, flags);
    FIELD(io_uring_sqe, ioprio);
    FIELD(io_uring_sqe, fd);
    FIELD(io_uring_sqe, off);
    FIELD(io_uring_sqe, cmd_op);
    FIELD(io_uring_sqe, addr);
    FIELD(io_uring_sqe, len);
    FIELD(io_uring_sqe, rw_flags);
    FIELD(io_uring_sqe, fsync_flags);
    FIELD(io_uring_sqe, poll32_events);
    FIELD(io_uring_sqe, cancel_flags);
    FIELD(io_uring_sqe, user_data);
    FIELD(io_uring_sqe, buf_index);
    FIELD(io_uring_sqe, personality);
    FIELD(io_uring_sqe, splice_fd_in);
    FIELD(io_uring_sqe, addr3);
    FIELD(io_uring_sqe, __pad2);

    STRUCT(io_uring_cqe);
    FIELD(io_uring_cqe, user_data);
    FIELD(io_uring_cqe, res);
    FIELD(io_uring_cqe, flags);

    STRUCT(io_uring_params);
    FIELD(io_uring_params, sq_entries);
    FIELD(io_uring_params, cq_entries);
    FIELD(io_uring_params, flags);
    FIELD(io_uring_params, sq_thread_cpu);
    FIELD(io_uring_params, sq_thread_idle);
    FIELD(io_uring_params, features);
    FIELD(io_uring_params, wq_fd);
    FIELD(io_uring_params, resv);
    FIELD(io_uring_params, sq_off);
    FIELD(io_uring_params, cq_off);

    STRUCT(io_sqring_offsets);
    FIELD(io_sqring_offsets, head);
    FIELD(io_sqring_offsets, tail);
    FIELD(io_sqring_offsets, ring_mask);
    FIELD(io_sqring_offsets, ring_entries);
    FIELD(io_sqring_offsets, flags);
    FIELD(io_sqring_offsets, dropped);
    FIELD(io_sqring_offsets, array);
    FIELD(io_sqring_offsets, resv1);

    STRUCT(io_cqring_offsets);
    FIELD(io_cqring_offsets, head);
    FIELD(io_cqring_offsets, tail);
    FIELD(io_cqring_offsets, ring_mask);
    FIELD(io_cqring_offsets, ring_entries);
    FIELD(io_cqring_offsets, overflow);
    FIELD(io_cqring_offsets, cqes);
    FIELD(io_cqring_offsets, flags);
    FIELD(io_cqring_offsets, resv1);

    STRUCT(io_uring_getevents_arg);
    FIELD(io_uring_getevents_arg, sigmask);
    FIELD(io_uring_getevents_arg, sigmask_sz);
    FIELD(io_uring_getevents_arg, ts);

    STRUCT(io_uring_probe);
    FIELD(io_uring_probe, last_op);
    FIELD(io_uring_probe, ops_len);
    FIELD(io_uring_probe, resv);
    FIELD(io_uring_probe, resv2);

    STRUCT(io_uring_probe_op);
    FIELD(io_uring_probe_op, op);
    FIELD(io_uring_probe_op, resv);
    FIELD(io_uring_probe_op, flags);
    FIELD(io_uring_probe_op, resv2);

    STRUCT(io_uring_rsrc_register);
    FIELD(io_uring_rsrc_register, nr);
    FIELD(io_uring_rsrc_register, flags);
    FIELD(io_uring_rsrc_register, resv2);
    FIELD(io_uring_rsrc_register, data);
    FIELD(io_uring_rsrc_register, tags);

    STRUCT(io_uring_rsrc_update);
    FIELD(io_uring_rsrc_update, offset);
    FIELD(io_uring_rsrc_update, resv);
    FIELD(io_uring_rsrc_update, data);

    STRUCT(io_uring_rsrc_update2);
    FIELD(io_uring_rsrc_update2, offset);
    FIELD(io_uring_rsrc_update2, resv);
    FIELD(io_uring_rsrc_update2, data);
    FIELD(io_uring_rsrc_update2, tags);
    FIELD(io_uring_rsrc_update2, nr);
    FIELD(io_uring_rsrc_update2, resv2);
}

static void file_structs(void)
{
    STRUCT(__kernel_timespec);
    FIELD(__kernel_timespec, tv_sec);
    FIELD(__kernel_timespec, tv_nsec);

    STRUCT(rusage);
    FIELD(rusage, ru_nvcsw);
    STRUCT(pollfd);
    FIELD(pollfd, fd);
    FIELD(pollfd, events);
    FIELD(pollfd, revents);

    STRUCT(nvme_passthru_cmd);
    FIELD(nvme_passthru_cmd, opcode);
    FIELD(nvme_passthru_cmd, flags);
    FIELD(nvme_passthru_cmd, rsvd1);
    FIELD(nvme_passthru_cmd, nsid);
    FIELD(nvme_passthru_cmd, cdw2);
    FIELD(nvme_passthru_cmd, cdw3);
    FIELD(nvme_passthru_cmd, metadata);
    FIELD(nvme_passthru_cmd, addr);
    FIELD(nvme_passthru_cmd, metadata_len);
    FIELD(nvme_passthru_cmd, data_len);
    FIELD(nvme_passthru_cmd, cdw10);
    FIELD(nvme_passthru_cmd, cdw11);
    FIELD(nvme_passthru_cmd, cdw12);
    FIELD(nvme_passthru_cmd, cdw13);
    FIELD(nvme_passthru_cmd, cdw14);
    FIELD(nvme_passthru_cmd, cdw15);
    FIELD(nvme_passthru_cmd, timeout_ms);
    FIELD(nvme_passthru_cmd, result);

    STRUCT(nvme_passthru_cmd64);
    FIELD(nvme_passthru_cmd64, opcode);
    FIELD(nvme_passthru_cmd64, flags);
    FIELD(nvme_passthru_cmd64, rsvd1);
    FIELD(nvme_passthru_cmd64, nsid);
    FIELD(nvme_passthru_cmd64, cdw2);
    FIELD(nvme_passthru_cmd64, cdw3);
    FIELD(nvme_passthru_cmd64, metadata);
    FIELD(nvme_passthru_cmd64, addr);
    FIELD(nvme_passthru_cmd64, metadata_len);
    FIELD(nvme_passthru_cmd64, data_len);
    FIELD(nvme_passthru_cmd64, cdw10);
    FIELD(nvme_passthru_cmd64, cdw11);
    FIELD(nvme_passthru_cmd64, cdw12);
    FIELD(nvme_passthru_cmd64, cdw13);
    FIELD(nvme_passthru_cmd64, cdw14);
    FIELD(nvme_passthru_cmd64, cdw15);
    FIELD(nvme_passthru_cmd64, timeout_ms);
    FIELD(nvme_passthru_cmd64, rsvd2);
    FIELD(nvme_passthru_cmd64, result);

    STRUCT(nvme_uring_cmd);
    FIELD(nvme_uring_cmd, opcode);
    FIELD(nvme_uring_cmd, flags);
    FIELD(nvme_uring_cmd, rsvd1);
    FIELD(nvme_uring_cmd, nsid);
    FIELD(nvme_uring_cmd, cdw2);
    FIELD(nvme_uring_cmd, cdw3);
    FIELD(nvme_uring_cmd, metadata);
    FIELD(nvme_uring_cmd, addr);
    FIELD(nvme_uring_cmd, metadata_len);
    FIELD(nvme_uring_cmd, data_len);
    FIELD(nvme_uring_cmd, cdw10);
    FIELD(nvme_uring_cmd, cdw11);
    FIELD(nvme_uring_cmd, cdw12);
    FIELD(nvme_uring_cmd, cdw13);
    FIELD(nvme_uring_cmd, cdw14);
    FIELD(nvme_uring_cmd, cdw15);
    FIELD(nvme_uring_cmd, timeout_ms);
    FIELD(nvme_uring_cmd, rsvd2);

    STRUCT(iovec);
    FIELD(iovec, iov_base);
    FIELD(iovec, iov_len);

    STRUCT(blk_zone);
    FIELD(blk_zone, start);
    FIELD(blk_zone, len);
    FIELD(blk_zone, wp);
    FIELD(blk_zone, type);
    FIELD(blk_zone, cond);
    FIELD(blk_zone, non_seq);
    FIELD(blk_zone, reset);
    FIELD(blk_zone, resv);
    FIELD(blk_zone, capacity);
    FIELD(blk_zone, reserved);

    STRUCT(blk_zone_report);
    FIELD(blk_zone_report, sector);
    FIELD(blk_zone_report, nr_zones);
    FIELD(blk_zone_report, flags);

    STRUCT(fiemap);
    FIELD(fiemap, fm_start);
    FIELD(fiemap, fm_length);
    FIELD(fiemap, fm_flags);
    FIELD(fiemap, fm_mapped_extents);
    FIELD(fiemap, fm_extent_count);
    FIELD(fiemap, fm_reserved);

    STRUCT(fiemap_extent);
    FIELD(fiemap_extent, fe_logical);
    FIELD(fiemap_extent, fe_physical);
    FIELD(fiemap_extent, fe_length);
    FIELD(fiemap_extent, fe_reserved64);
    FIELD(fiemap_extent, fe_flags);
    FIELD(fiemap_extent, fe_reserved);

    STRUCT(statx);
    FIELD(statx, stx_mask);
    FIELD(statx, stx_blksize);
    FIELD(statx, stx_attributes);
    FIELD(statx, stx_nlink);
    FIELD(statx, stx_uid);
    FIELD(statx, stx_gid);
    FIELD(statx, stx_mode);
    FIELD(statx, __spare0);
    FIELD(statx, stx_ino);
    FIELD(statx, stx_size);
    FIELD(statx, stx_blocks);
    FIELD(statx, stx_attributes_mask);
    FIELD(statx, stx_atime);
    FIELD(statx, stx_btime);
    FIELD(statx, stx_ctime);
    FIELD(statx, stx_mtime);
    FIELD(statx, stx_rdev_major);
    FIELD(statx, stx_rdev_minor);
    FIELD(statx, stx_dev_major);
    FIELD(statx, stx_dev_minor);
    FIELD(statx, stx_mnt_id);
    FIELD(statx, stx_dio_mem_align);
    FIELD(statx, stx_dio_offset_align);

    STRUCT(statx_timestamp);
    FIELD(statx_timestamp, tv_sec);
    FIELD(statx_timestamp, tv_nsec);
    FIELD(statx_timestamp, __reserved);
}

static void loop_structs(void)
{
    STRUCT(loop_info64);
    FIELD(loop_info64, lo_device);
    FIELD(loop_info64, lo_inode);
    FIELD(loop_info64, lo_rdevice);
    FIELD(loop_info64, lo_offset);
    FIELD(loop_info64, lo_sizelimit);
    FIELD(loop_info64, lo_number);
    FIELD(loop_info64, lo_encrypt_type);
    FIELD(loop_info64, lo_encrypt_key_size);
    FIELD(loop_info64, lo_flags);
    FIELD(loop_info64, lo_file_name);
    FIELD(loop_info64, lo_crypt_name);
    FIELD(loop_info64, lo_encrypt_key);
    FIELD(loop_info64, lo_init);

    STRUCT(loop_config);
    FIELD(loop_config, fd);
    FIELD(loop_config, block_size);
    FIELD(loop_config, info);
    FIELD(loop_config, __reserved);
}

static void fuse_structs(void)
{
    STRUCT(fuse_in_header);
    FIELD(fuse_in_header, len);
    FIELD(fuse_in_header, opcode);
    FIELD(fuse_in_header, unique);
    FIELD(fuse_in_header, nodeid);
    FIELD(fuse_in_header, uid);
    FIELD(fuse_in_header, gid);
    FIELD(fuse_in_header, pid);

    STRUCT(fuse_out_header);
    FIELD(fuse_out_header, len);
    FIELD(fuse_out_header, error);
    FIELD(fuse_out_header, unique);

    STRUCT(fuse_init_out);
    FIELD(fuse_init_out, major);
    FIELD(fuse_init_out, minor);
    FIELD(fuse_init_out, max_readahead);
    FIELD(fuse_init_out, flags);
    FIELD(fuse_init_out, max_background);
    FIELD(fuse_init_out, congestion_threshold);
    FIELD(fuse_init_out, max_write);
    FIELD(fuse_init_out, time_gran);
    FIELD(fuse_init_out, max_pages);
    FIELD(fuse_init_out, map_alignment);

    STRUCT(fuse_attr);
    FIELD(fuse_attr, ino);
    FIELD(fuse_attr, size);
    FIELD(fuse_attr, blocks);
    FIELD(fuse_attr, atime);
    FIELD(fuse_attr, mtime);
    FIELD(fuse_attr, ctime);
    FIELD(fuse_attr, atimensec);
    FIELD(fuse_attr, mtimensec);
    FIELD(fuse_attr, ctimensec);
    FIELD(fuse_attr, mode);
    FIELD(fuse_attr, nlink);
    FIELD(fuse_attr, uid);
    FIELD(fuse_attr, gid);
    FIELD(fuse_attr, rdev);
    FIELD(fuse_attr, blksize);
    FIELD(fuse_attr, flags);

    STRUCT(fuse_attr_out);
    FIELD(fuse_attr_out, attr_valid);
    FIELD(fuse_attr_out, attr_valid_nsec);
    FIELD(fuse_attr_out, dummy);
    FIELD(fuse_attr_out, attr);

    STRUCT(fuse_open_out);
    FIELD(fuse_open_out, fh);
    FIELD(fuse_open_out, open_flags);

    STRUCT(fuse_read_in);
    FIELD(fuse_read_in, fh);
    FIELD(fuse_read_in, offset);
    FIELD(fuse_read_in, size);
    FIELD(fuse_read_in, read_flags);
    FIELD(fuse_read_in, lock_owner);
    FIELD(fuse_read_in, flags);
    FIELD(fuse_read_in, padding);

    STRUCT(fuse_write_in);
    FIELD(fuse_write_in, fh);
    FIELD(fuse_write_in, offset);
    FIELD(fuse_write_in, size);
    FIELD(fuse_write_in, write_flags);
    FIELD(fuse_write_in, lock_owner);
    FIELD(fuse_write_in, flags);
    FIELD(fuse_write_in, padding);

    STRUCT(fuse_write_out);
    FIELD(fuse_write_out, size);
    FIELD(fuse_write_out, padding);

    STRUCT(fuse_fallocate_in);
    FIELD(fuse_fallocate_in, fh);
    FIELD(fuse_fallocate_in, offset);
    FIELD(fuse_fallocate_in, length);
    FIELD(fuse_fallocate_in, mode);
    FIELD(fuse_fallocate_in, padding);
}

static void newer_fields(void)
{
#if SINCE(6, 13)
    STRUCT(io_uring_clone_buffers);
    FIELD(io_uring_clone_buffers, src_fd);
    FIELD(io_uring_clone_buffers, flags);
    FIELD(io_uring_clone_buffers, src_off);
    FIELD(io_uring_clone_buffers, dst_off);
    FIELD(io_uring_clone_buffers, nr);
    FIELD(io_uring_clone_buffers, pad);
#else
    NEWER_STRUCT(io_uring_clone_buffers, 32, "6.13", IO_URING_H);
    NEWER_FIELD(io_uring_clone_buffers, src_fd, 0, 4, "6.13", IO_URING_H);
    NEWER_FIELD(io_uring_clone_buffers, flags, 4, 4, "6.13", IO_URING_H);
    NEWER_FIELD(io_uring_clone_buffers, src_off, 8, 4, "6.13", IO_URING_H);
    NEWER_FIELD(io_uring_clone_buffers, dst_off, 12, 4, "6.13", IO_URING_H);
    NEWER_FIELD(io_uring_clone_buffers, nr, 16, 4, "6.13", IO_URING_H);
    NEWER_FIELD(io_uring_clone_buffers, pad, 20, 12, "6.13", IO_URING_H);
#endif

#if SINCE(6, 5)
    FIELD(io_sqring_offsets, user_addr);
    FIELD(io_cqring_offsets, user_addr);
#else
    NEWER_FIELD(io_sqring_offsets, user_addr, 32, 8, "6.5", IO_URING_H);
    NEWER_FIELD(io_cqring_offsets, user_addr, 32, 8, "6.5", IO_URING_H);
#endif

#if SINCE(6, 10)
    FIELD(statx, stx_subvol);
#else
    NEWER_FIELD(statx, stx_subvol, 0xa0, 8, "6.10", STAT_H);
#endif

#if SINCE(6, 11)
    FIELD(statx, stx_atomic_write_unit_min);
    FIELD(statx, stx_atomic_write_unit_max);
    FIELD(statx, stx_atomic_write_segments_max);
#else
    NEWER_FIELD(statx, stx_atomic_write_unit_min, 0xa8, 4, "6.11", STAT_H);
    NEWER_FIELD(statx, stx_atomic_write_unit_max, 0xac, 4, "6.11", STAT_H);
    NEWER_FIELD(statx, stx_atomic_write_segments_max, 0xb0, 4, "6.11", STAT_H);
#endif

#if SINCE(6, 12)
    FIELD(io_uring_getevents_arg, min_wait_usec);
#else
    NEWER_FIELD(io_uring_getevents_arg, min_wait_usec, 12, 4, "6.12", IO_URING_H);
#endif

#if SINCE(6, 14)
    FIELD(statx, stx_dio_read_offset_align);
#else
    NEWER_FIELD(statx, stx_dio_read_offset_align, 0xb4, 4, "6.14", STAT_H);
#endif

    // The spare fields shrink with every field that comes: these are what 6.16 left.
#if SINCE(6, 16)
    FIELD(statx, stx_atomic_write_unit_max_opt);
    FIELD(statx, __spare2);
    FIELD(statx, __spare3);
#else
    NEWER_FIELD(statx, stx_atomic_write_unit_max_opt, 0xb8, 4, "6.16", STAT_H);
    NEWER_FIELD(statx, __spare2, 0xbc, 4, "6.16", STAT_H);
    NEWER_FIELD(statx, __spare3, 0xc0, 64, "6.16", STAT_H);
#endif
}

static void system_calls(void)
{
    CONST(__NR_io_uring_setup);
    CONST(__NR_io_uring_enter);
    CONST(__NR_io_uring_register);
    CONST(__NR_ioprio_set);
}

static void io_uring_constants(void)
{
    CONST(IORING_SETUP_IOPOLL);
    CONST(IORING_SETUP_SQPOLL);
    CONST(IORING_SETUP_TASKRUN_FLAG);
    CONST(IORING_SETUP_SQ_AFF);
    CONST(IORING_SETUP_CQSIZE);
    CONST(IORING_SETUP_CLAMP);
    CONST(IORING_SETUP_R_DISABLED);
    CONST(IORING_SETUP_SUBMIT_ALL);
    CONST(IORING_SETUP_COOP_TASKRUN);
    CONST(IORING_SETUP_SQE128);
    CONST(IORING_SETUP_CQE32);
    CONST(IORING_SETUP_SINGLE_ISSUER);
    CONST(IORING_SETUP_DEFER_TASKRUN);
    CONST(IORING_FEAT_SINGLE_MMAP);
    CONST(IORING_FEAT_NODROP);
    CONST(IORING_FEAT_SUBMIT_STABLE);
    CONST(IORING_FEAT_RW_CUR_POS);
    CONST(IORING_FEAT_FAST_POLL);
    CONST(IORING_FEAT_EXT_ARG);
    CONST(IORING_FEAT_NATIVE_WORKERS);
    CONST(IORING_FEAT_RSRC_TAGS);
    CONST(IORING_ENTER_GETEVENTS);
    CONST(IORING_ENTER_SQ_WAKEUP);
    CONST(IORING_ENTER_EXT_ARG);
    CONST(IORING_ENTER_REGISTERED_RING);
    CONST(IORING_SQ_NEED_WAKEUP);
    CONST(IORING_SQ_CQ_OVERFLOW);
    CONST(IORING_SQ_TASKRUN);
    CONST(IORING_OFF_SQ_RING);
    CONST(IORING_OFF_CQ_RING);
    CONST(IORING_OFF_SQES);
    CONST(IORING_REGISTER_BUFFERS);
    CONST(IORING_UNREGISTER_BUFFERS);
    CONST(IORING_REGISTER_FILES);
    CONST(IORING_UNREGISTER_FILES);
    CONST(IORING_REGISTER_FILES_UPDATE);
    CONST(IORING_REGISTER_FILES_UPDATE2);
    CONST(IORING_REGISTER_PROBE);
    CONST(IORING_REGISTER_ENABLE_RINGS);
    CONST(IORING_REGISTER_FILES2);
    CONST(IORING_REGISTER_BUFFERS2);
    CONST(IORING_REGISTER_BUFFERS_UPDATE);
    CONST(IORING_REGISTER_RING_FDS);
    CONST(IORING_UNREGISTER_RING_FDS);
    CONST(IORING_RSRC_REGISTER_SPARSE);
    CONST(IO_URING_OP_SUPPORTED);
    CONST(IORING_OP_NOP);
    CONST(IORING_OP_READV);
    CONST(IORING_OP_WRITEV);
    CONST(IORING_OP_FSYNC);
    CONST(IORING_OP_READ_FIXED);
    CONST(IORING_OP_WRITE_FIXED);
    CONST(IORING_OP_POLL_ADD);
    CONST(IORING_OP_POLL_REMOVE);
    CONST(IORING_OP_TIMEOUT);
    CONST(IORING_OP_ASYNC_CANCEL);
    CONST(IORING_OP_FALLOCATE);
    CONST(IORING_OP_READ);
    CONST(IORING_OP_WRITE);
    CONST(IORING_OP_URING_CMD);
    CONST(IORING_FSYNC_DATASYNC);
    CONST(IORING_POLL_ADD_MULTI);
    CONST(IOSQE_FIXED_FILE);
    CONST(IOSQE_IO_LINK);
    CONST(IOSQE_ASYNC);
    CONST(IORING_CQE_F_MORE);
}

static void file_constants(void)
{
    CONST(O_RDONLY);
    CONST(O_WRONLY);
    CONST(O_RDWR);
    CONST(O_ACCMODE);
    CONST(O_CREAT);
    CONST(O_EXCL);
    CONST(O_APPEND);
    CONST(O_PATH);
    CONST(O_NONBLOCK);
    CONST(O_CLOEXEC);
    CONST(O_DIRECT);
    CONST(O_TMPFILE);
    CONST(F_GETFD);
    CONST(FD_CLOEXEC);
    CONST(F_GETFL);
    CONST(SEEK_DATA);
    CONST(SEEK_HOLE);
    CONST(F_SETFL);
    CONST(F_DUPFD_CLOEXEC);
    CONST(AT_FDCWD);
    CONST(AT_EMPTY_PATH);
    CONST(STATX_BASIC_STATS);
    CONST(STATX_DIOALIGN);
    CONST(S_IFMT);
    CONST(S_IFBLK);
    CONST(S_IFREG);
    CONST(S_IFDIR);
    CONST(S_IFCHR);
    CONST(S_IFIFO);
    CONST(S_IFSOCK);
    CONST(RWF_HIPRI);
    CONST(RWF_DSYNC);
    CONST(RWF_SYNC);
    CONST(RWF_NOWAIT);
    CONST(RUSAGE_THREAD);
    CONST(FS_IOC_FIEMAP);
    CONST(FIEMAP_EXTENT_LAST);
    CONST(FIEMAP_EXTENT_MERGED);
    CONST(FIEMAP_EXTENT_SHARED);
    CONST(PROT_NONE);
    CONST(PROT_READ);
    CONST(PROT_WRITE);
    CONST(MAP_SHARED);
    CONST(MAP_PRIVATE);
    CONST(MAP_ANONYMOUS);
    CONST(MAP_POPULATE);
    CONST(MAP_HUGETLB);
    CONST(MAP_HUGE_2MB);
    CONST(MADV_DONTFORK);
    CONST(MADV_HUGEPAGE);
    CONST(EFD_CLOEXEC);
    CONST(EFD_NONBLOCK);
    CONST(POLLIN);
    CONST(POLLHUP);
    CONST(FALLOC_FL_KEEP_SIZE);
    CONST(FALLOC_FL_PUNCH_HOLE);
    CONST(FALLOC_FL_ZERO_RANGE);
    CONST(MFD_CLOEXEC);
    CONST(MFD_ALLOW_SEALING);
    CONST(F_ADD_SEALS);
    CONST(F_SEAL_GROW);
}

static void block_constants(void)
{
    CONST(BLKROSET);
    CONST(BLKROGET);
    CONST(BLKGETSIZE64);
    CONST(BLKFLSBUF);
    CONST(BLKSSZGET);
    CONST(BLKPBSZGET);
    CONST(BLKREPORTZONE);
    CONST(BLKGETZONESZ);
    CONST(BLK_ZONE_TYPE_SEQWRITE_REQ);
    CONST(BLKDISCARD);
    CONST(IOPRIO_WHO_PROCESS);
    CONST(BLKZEROOUT);
    CONST(NVME_IOCTL_ID);
    CONST(NVME_IOCTL_ADMIN_CMD);
    CONST(NVME_IOCTL_IO64_CMD);
    CONST(NVME_URING_CMD_IO);

    CONST(LOOP_CTL_GET_FREE);
    CONST(LOOP_CONFIGURE);
    CONST(LOOP_CLR_FD);
    CONST(LOOP_GET_STATUS64);
    CONST(LOOP_SET_CAPACITY);
    CONST(LO_FLAGS_READ_ONLY);
    CONST(LO_FLAGS_AUTOCLEAR);
    CONST(LO_FLAGS_DIRECT_IO);
}

static void fuse_constants(void)
{
    CONST(FUSE_KERNEL_VERSION);
    CONST(FUSE_ASYNC_READ);
    CONST(FUSE_BIG_WRITES);
    CONST(FUSE_ASYNC_DIO);
    CONST(FUSE_MAX_PAGES);
    CONST(FOPEN_DIRECT_IO);
    CONST(FUSE_LOOKUP);
    CONST(FUSE_FORGET);
    CONST(FUSE_GETATTR);
    CONST(FUSE_SETATTR);
    CONST(FUSE_OPEN);
    CONST(FUSE_READ);
    CONST(FUSE_WRITE);
    CONST(FUSE_STATFS);
    CONST(FUSE_RELEASE);
    CONST(FUSE_FSYNC);
    CONST(FUSE_FLUSH);
    CONST(FUSE_INIT);
    CONST(FUSE_INTERRUPT);
    CONST(FUSE_DESTROY);
    CONST(FUSE_BATCH_FORGET);
    CONST(FUSE_FALLOCATE);
    CONST(SIGTERM);
    CONST(O_DSYNC);
}

static void error_numbers(void)
{
    CONST(EPERM);
    CONST(ENOENT);
    CONST(ESRCH);
    CONST(EINTR);
    CONST(EIO);
    CONST(ENXIO);
    CONST(E2BIG);
    CONST(ENOEXEC);
    CONST(EBADF);
    CONST(ECHILD);
    CONST(EAGAIN);
    CONST(ENOMEM);
    CONST(EACCES);
    CONST(EFAULT);
    CONST(ENOTBLK);
    CONST(EBUSY);
    CONST(EEXIST);
    CONST(EXDEV);
    CONST(ENODEV);
    CONST(ENOTDIR);
    CONST(EISDIR);
    CONST(EINVAL);
    CONST(ENFILE);
    CONST(EMFILE);
    CONST(ENOTTY);
    CONST(ETXTBSY);
    CONST(EFBIG);
    CONST(ENOSPC);
    CONST(ESPIPE);
    CONST(EROFS);
    CONST(EMLINK);
    CONST(EPIPE);
    CONST(EDOM);
    CONST(ERANGE);
    CONST(EDEADLK);
    CONST(ENAMETOOLONG);
    CONST(ENOLCK);
    CONST(ENOSYS);
    CONST(ENOTEMPTY);
    CONST(ELOOP);
    CONST(ENOMSG);
    CONST(EIDRM);
    CONST(ECHRNG);
    CONST(EL2NSYNC);
    CONST(EL3HLT);
    CONST(EL3RST);
    CONST(ELNRNG);
    CONST(EUNATCH);
    CONST(ENOCSI);
    CONST(EL2HLT);
    CONST(EBADE);
    CONST(EBADR);
    CONST(EXFULL);
    CONST(ENOANO);
    CONST(EBADRQC);
    CONST(EBADSLT);
    CONST(EBFONT);
    CONST(ENOSTR);
    CONST(ENODATA);
    CONST(ETIME);
    CONST(ENOSR);
    CONST(ENONET);
    CONST(ENOPKG);
    CONST(EREMOTE);
    CONST(ENOLINK);
    CONST(EADV);
    CONST(ESRMNT);
    CONST(ECOMM);
    CONST(EPROTO);
    CONST(EMULTIHOP);
    CONST(EDOTDOT);
    CONST(EBADMSG);
    CONST(EOVERFLOW);
    CONST(ENOTUNIQ);
    CONST(EBADFD);
    CONST(EREMCHG);
    CONST(ELIBACC);
    CONST(ELIBBAD);
    CONST(ELIBSCN);
    CONST(ELIBMAX);
    CONST(ELIBEXEC);
    CONST(EILSEQ);
    CONST(ERESTART);
    CONST(ESTRPIPE);
    CONST(EUSERS);
    CONST(ENOTSOCK);
    CONST(EDESTADDRREQ);
    CONST(EMSGSIZE);
    CONST(EPROTOTYPE);
    CONST(ENOPROTOOPT);
    CONST(EPROTONOSUPPORT);
    CONST(ESOCKTNOSUPPORT);
    CONST(EOPNOTSUPP);
    CONST(EPFNOSUPPORT);
    CONST(EAFNOSUPPORT);
    CONST(EADDRINUSE);
    CONST(EADDRNOTAVAIL);
    CONST(ENETDOWN);
    CONST(ENETUNREACH);
    CONST(ENETRESET);
    CONST(ECONNABORTED);
    CONST(ECONNRESET);
    CONST(ENOBUFS);
    CONST(EISCONN);
    CONST(ENOTCONN);
    CONST(ESHUTDOWN);
    CONST(ETOOMANYREFS);
    CONST(ETIMEDOUT);
    CONST(ECONNREFUSED);
    CONST(EHOSTDOWN);
    CONST(EHOSTUNREACH);
    CONST(EALREADY);
    CONST(EINPROGRESS);
    CONST(ESTALE);
    CONST(EUCLEAN);
    CONST(ENOTNAM);
    CONST(ENAVAIL);
    CONST(EISNAM);
    CONST(EREMOTEIO);
    CONST(EDQUOT);
    CONST(ENOMEDIUM);
    CONST(EMEDIUMTYPE);
    CONST(ECANCELED);
    CONST(ENOKEY);
    CONST(EKEYEXPIRED);
    CONST(EKEYREVOKED);
    CONST(EKEYREJECTED);
    CONST(EOWNERDEAD);
    CONST(ENOTRECOVERABLE);
    CONST(ERFKILL);
}

static void newer_constants(void)
{
#if SINCE(5, 14)
    CONST(MADV_POPULATE_WRITE);
#else
    NEWER_CONST(MADV_POPULATE_WRITE, 23, "5.14", MMAN_COMMON_H);
#endif

// In headers of 6.1 where a stable release brought it to an older kernel.
#ifdef FOPEN_PARALLEL_DIRECT_WRITES
    CONST(FOPEN_PARALLEL_DIRECT_WRITES);
#else
    NEWER_CONST(FOPEN_PARALLEL_DIRECT_WRITES, 1 << 6, "6.2", FUSE_H);
#endif

#if SINCE(6, 6)
    CONST(IORING_SETUP_NO_SQARRAY);
#else
    NEWER_CONST(IORING_SETUP_NO_SQARRAY, 1u << 16, "6.6", IO_URING_H);
#endif

#if SINCE(6, 11)
    CONST(RWF_ATOMIC);
    CONST(STATX_WRITE_ATOMIC);
#else
    NEWER_CONST(RWF_ATOMIC, 0x40, "6.11", FS_H);
    NEWER_CONST(STATX_WRITE_ATOMIC, 0x10000, "6.11", STAT_H);
#endif

#if SINCE(6, 12)
    CONST(BLOCK_URING_CMD_DISCARD);
    CONST(IORING_FEAT_MIN_TIMEOUT);
    CONST(IORING_REGISTER_CLONE_BUFFERS);
#else
    NEWER_CONST(IORING_REGISTER_CLONE_BUFFERS, 30, "6.12", IO_URING_H);
    NEWER_CONST(IORING_FEAT_MIN_TIMEOUT, 1u << 15, "6.12", IO_URING_H);
    NEWER_CONST(BLOCK_URING_CMD_DISCARD, 0x1200, "6.12", BLKDEV_H);
#endif

#if SINCE(6, 13)
    CONST(IORING_SETUP_HYBRID_IOPOLL);
    CONST(IORING_REGISTER_DST_REPLACE);
#else
    NEWER_CONST(IORING_REGISTER_DST_REPLACE, 1u << 1, "6.13", IO_URING_H);
    NEWER_CONST(IORING_SETUP_HYBRID_IOPOLL, 1u << 17, "6.13", IO_URING_H);
#endif

#if SINCE(6, 14)
    CONST(STATX_DIO_READ_ALIGN);
#else
    NEWER_CONST(STATX_DIO_READ_ALIGN, 0x20000, "6.14", STAT_H);
#endif

#if SINCE(6, 15)
    CONST(IORING_OP_READV_FIXED);
    CONST(IORING_OP_WRITEV_FIXED);
#else
    NEWER_CONST(IORING_OP_READV_FIXED, 60, "6.15", IO_URING_H);
    NEWER_CONST(IORING_OP_WRITEV_FIXED, 61, "6.15", IO_URING_H);
#endif
}

int main(void)
{
    io_uring_structs();
    file_structs();
    loop_structs();
    fuse_structs();
    newer_fields();
    system_calls();
    io_uring_constants();
    file_constants();
    block_constants();
    fuse_constants();
    error_numbers();
    newer_constants();
    return 0;
}
