namespace DmIoUring.Interop;

/// <summary>Constants of file systems in user space: include/uapi/linux/fuse.h, and what else its server needs: signal.h, fcntl.h.</summary>
internal static class FuseAbi
{
    public const uint FUSE_KERNEL_VERSION = 7;
    public const uint FUSE_ASYNC_READ = 1 << 0;
    public const uint FUSE_BIG_WRITES = 1 << 5;
    public const uint FUSE_ASYNC_DIO = 1 << 15;
    public const uint FUSE_MAX_PAGES = 1 << 22;
    public const uint FOPEN_DIRECT_IO = 1 << 0;
    public const uint FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

    public const uint FUSE_LOOKUP = 1;
    public const uint FUSE_FORGET = 2;
    public const uint FUSE_GETATTR = 3;
    public const uint FUSE_SETATTR = 4;
    public const uint FUSE_OPEN = 14;
    public const uint FUSE_READ = 15;
    public const uint FUSE_WRITE = 16;
    public const uint FUSE_STATFS = 17;
    public const uint FUSE_RELEASE = 18;
    public const uint FUSE_FSYNC = 20;
    public const uint FUSE_FLUSH = 25;
    public const uint FUSE_INIT = 26;
    public const uint FUSE_INTERRUPT = 36;
    public const uint FUSE_DESTROY = 38;
    public const uint FUSE_BATCH_FORGET = 42;
    public const uint FUSE_FALLOCATE = 43;

    public const int SIGTERM = 15;
    public const uint O_DSYNC = 0x1000;
}
