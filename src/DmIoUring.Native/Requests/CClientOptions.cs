using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_client_options.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CClientOptions
{
    public const uint Polled = 1;
    public const uint Workers = 2;
    public const uint Sleep = 4;
    public const uint Wakeable = 8;
    private const uint All = Polled | Workers | Sleep | Wakeable;

    public uint Flags;
    public uint Lanes;
    public uint QueueDepth;
    public uint Requests;
    public ulong Pages;
    public uint RequestTimeLimitMilliseconds;
    public uint CloseTimeLimitMilliseconds;

    public readonly int CheckedLanes => Checked(Lanes, "lanes");

    public readonly int CheckedQueueDepth => QueueDepth == 0 ? new DmIoOptions().QueueDepth : Checked(QueueDepth, "queue_depth");

    public readonly int CheckedRequests => Checked(Requests, "requests");

    public readonly long CheckedPages => Pages <= long.MaxValue ? (long)Pages : throw TooLarge("pages", Pages);

    public readonly IoRingKind Ring => (Flags & ~All) != 0
        ? throw new NativeException(Errno.EINVAL, $"The client's flags have bits that mean nothing: 0x{Flags & ~All:x}.")
        : (Flags & Workers) != 0 ? IoRingKind.Workers : IoRingKind.Automatic;

    public readonly IoWaitPolicy WaitPolicy => (Flags & Sleep) != 0 ? IoWaitPolicy.Sleep : IoWaitPolicy.Adaptive;

    public readonly TimeSpan? RequestTimeLimit => RequestTimeLimitMilliseconds == 0 ? null : TimeSpan.FromMilliseconds(RequestTimeLimitMilliseconds);

    public readonly TimeSpan CloseTimeLimit =>
        CloseTimeLimitMilliseconds == 0 ? new DmIoOptions().DisposeTimeLimit : TimeSpan.FromMilliseconds(CloseTimeLimitMilliseconds);

    private static int Checked(uint value, string name) => value <= int.MaxValue ? (int)value : throw TooLarge(name, value);

    private static NativeException TooLarge(string name, ulong value) => new(Errno.EINVAL, $"{name} is {value}, which is too large.");
}
