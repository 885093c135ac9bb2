using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.Services;
using DmIoUring.Threading;

namespace DmIoUring.Native.Errors;

/// <summary>The text of each thread's last call that failed, and the errno that a call returns for an exception.</summary>
internal static unsafe class LastError
{
    private const int Capacity = 1024;

    /// <summary>Pinned, so that C can read it; the collector frees it after the thread has ended.</summary>
    [ThreadStatic]
    private static byte[]? _text;

    /// <summary>What a thread sees that has not failed yet.</summary>
    private static readonly byte[] Empty = GC.AllocateArray<byte>(1, pinned: true);

    public static byte* Text => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_text ?? Empty));

    /// <summary>Keeps a text.</summary>
    /// <param name="errno">The errno, positive.</param>
    /// <param name="text">The text; its end is cut where it is too long.</param>
    /// <returns>What the call returns.</returns>
    public static int Set(int errno, string text)
    {
        _text ??= GC.AllocateArray<byte>(Capacity, pinned: true);

        // Never half a character: the transcoder stops before one that does not fit.
        _ = Utf8.FromUtf16(text, _text.AsSpan(0, Capacity - 1), out _, out int written);
        _text[written] = 0;
        return -errno;
    }

    /// <summary>Keeps the text of an exception.</summary>
    /// <returns>What the call returns.</returns>
    public static int Set(Exception exception)
    {
        // It was thrown at the boundary itself, in the middle of something that is initialized once.
        while (exception is TypeInitializationException { InnerException: { } inner })
            exception = inner;
        return Set(ErrnoOf(exception), exception.Message);
    }

    private static int ErrnoOf(Exception exception) => exception switch
    {
        NativeException native => native.Errno,
        ObjectDisposedException => Errno.EBADF,
        IoUringUnavailableException { Errno: > 0 } unavailable => unavailable.Errno,
        IoUringUnavailableException or PlatformNotSupportedException => Errno.ENOSYS,
        FileNotFoundException or DirectoryNotFoundException => Errno.ENOENT,
        UnauthorizedAccessException => Errno.EACCES,
        MirrorException mirror => MirrorErrno.Of(mirror.Refusal),
        IOException { HResult: > 0 and < 4096 } io => io.HResult,
        IOException => Errno.EIO,
        OutOfMemoryException => Errno.ENOMEM,
        ArgumentException => Errno.EINVAL,
        PageShortageException shortage => shortage.Errno,
        InvalidOperationException => CallbackThread.IsInCallback ? Errno.EDEADLK : Errno.EPERM,
        _ => Errno.ENOTRECOVERABLE,
    };
}
