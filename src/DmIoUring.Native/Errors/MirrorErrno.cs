using DmIoUring.Interop;
using DmIoUring.Services;

namespace DmIoUring.Native.Errors;

/// <summary>What a call returns where a mirror refuses its legs.</summary>
internal static class MirrorErrno
{
    public static int Of(MirrorRefusal refusal) => refusal switch
    {
        MirrorRefusal.Unsuitable or MirrorRefusal.SameDevice or MirrorRefusal.Foreign => Errno.EINVAL,
        MirrorRefusal.InUse => Errno.EBUSY,
        MirrorRefusal.NoMetadata => Errno.EUCLEAN,
        MirrorRefusal.Missing => Errno.ENODEV,
        MirrorRefusal.Split => Errno.ENOTUNIQ,
        MirrorRefusal.NoSource => Errno.ENODATA,
        _ => Errno.EIO,
    };
}
