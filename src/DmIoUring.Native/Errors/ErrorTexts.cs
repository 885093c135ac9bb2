using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Native.Errors;

/// <summary>What an errno means when this library returns it, as strings that C may keep.</summary>
internal static unsafe class ErrorTexts
{
    /// <summary>The kernel's MAX_ERRNO, include/linux/err.h.</summary>
    private const int MaxErrno = 4095;

    private static readonly nint[] Texts = new nint[MaxErrno + 1];

    /// <summary>The text of an errno, negative or not; never freed.</summary>
    public static byte* Get(int error)
    {
        int errno = error is < -MaxErrno or > MaxErrno ? MaxErrno : Math.Abs(error);
        nint text = Volatile.Read(ref Texts[errno]);
        if (text == 0)
        {
            nint made = Marshal.StringToCoTaskMemUTF8(Describe(errno));
            text = Interlocked.CompareExchange(ref Texts[errno], made, 0);
            if (text == 0)
                text = made;
            else
                Marshal.FreeCoTaskMem(made);
        }

        return (byte*)text;
    }

    private static string Describe(int errno) => errno switch
    {
        0 => "success",
        MaxErrno => "no errno",
        Errno.EIO => "EIO: a region failed",
        Errno.EOPNOTSUPP => "EOPNOTSUPP: a device can't do what was asked",
        Errno.EINVAL => "EINVAL: an argument is invalid; nothing was submitted",
        Errno.EBADF => "EBADF: the handle is closed, or never was one",
        Errno.EAGAIN => "EAGAIN: as much as was asked for is not free now; nothing was done",
        Errno.EPERM => "EPERM: not now, or not on this thread",
        Errno.EDEADLK => "EDEADLK: in a callback this would wait for itself",
        Errno.EOWNERDEAD => "EOWNERDEAD: the process was forked after it had used the library",
        Errno.ETIMEDOUT => "ETIMEDOUT: something has not ended within the limit",
        Errno.ENOMEM => "ENOMEM: the host has too little memory",
        Errno.ENOENT => "ENOENT: there is no such path",
        Errno.EACCES => "EACCES: no permission, or read-only",
        Errno.EBUSY => "EBUSY: the device is in use",
        Errno.E2BIG => "E2BIG: the memory has too many pieces",
        Errno.ENODEV => "ENODEV: a leg of the mirror is missing",
        Errno.ENODATA => "ENODATA: no other leg of the mirror is in sync",
        Errno.EUCLEAN => "EUCLEAN: the device has no valid metadata of a mirror",
        Errno.ENOTUNIQ => "ENOTUNIQ: the mirror is split: legs were used without each other",
        Errno.ECANCELED => "ECANCELED: a close ended it",
        Errno.EINTR => "EINTR: a signal ended the wait",
        _ => Errno.Name(errno),
    };
}
