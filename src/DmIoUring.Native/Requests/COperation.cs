namespace DmIoUring.Native.Requests;

/// <summary>The operations of dmio.h; their numbers are the kernel's, enum req_op of include/linux/blk_types.h.</summary>
internal enum COperation
{
    Read = 0,
    Write = 1,
    Flush = 2,
    Discard = 3,
    WriteZeroes = 9,
}
