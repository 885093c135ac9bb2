using System.Buffers;
using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Testing;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>
/// The kernel's side of a <see cref="FaultFile"/>: threads that read requests from /dev/fuse, answer what is about the file and hand on
/// what is about its bytes. Nobody has to answer at once: the threads go on.
/// </summary>
internal sealed unsafe class FuseServer : IDisposable
{
    public const int MaxTransfer = 1 << 20;

    /// <summary>What the kernel wants to see free in a buffer beside the data of a write (fs/fuse/dev.c).</summary>
    private const int HeaderRoom = 8192;

    private const int Threads = 2;
    private const uint Minor = 31;
    private const ulong ForEver = 1UL << 30;
    private readonly SafeFileHandle _channel;
    private readonly long _size;
    private readonly Action<FuseRequest> _serve;
    private readonly Thread[] _threads = new Thread[Threads];

    /// <summary>Begins to serve.</summary>
    /// <param name="channel">The descriptor of /dev/fuse that was mounted; it stays open until <see cref="Dispose"/> has returned.</param>
    /// <param name="size">The file's size.</param>
    /// <param name="serve">Takes reads, writes, flushes and discards on the server's threads, and may not block there.</param>
    public FuseServer(SafeFileHandle channel, long size, Action<FuseRequest> serve)
    {
        _channel = channel;
        _size = size;
        _serve = serve;
        for (int i = 0; i < Threads; i++)
        {
            _threads[i] = new Thread(Run) { IsBackground = true, Name = "dmio-fuse" };
            _threads[i].Start();
        }
    }

    /// <summary>Answers. Nobody may be left to hear it: the caller was killed, or the mount is gone.</summary>
    public void Reply(ulong unique, int errno, ReadOnlySpan<byte> payload)
    {
        int length = sizeof(FuseOutHeader) + payload.Length;
        byte[] message = ArrayPool<byte>.Shared.Rent(length);
        FuseOutHeader header = new() { len = (uint)length, error = -errno, unique = unique };
        MemoryMarshal.Write(message, in header);
        payload.CopyTo(message.AsSpan(sizeof(FuseOutHeader)));
        bool held = false;
        try
        {
            _channel.DangerousAddRef(ref held);
            fixed (byte* start = message)
                _ = Libc.Write((int)_channel.DangerousGetHandle(), start, (nuint)length);
        }
        catch (ObjectDisposedException)
        {
            // A fault that outlived its file had held the request.
        }
        finally
        {
            if (held)
                _channel.DangerousRelease();
        }

        ArrayPool<byte>.Shared.Return(message);
    }

    /// <summary>Waits for the threads, which end when the mount is gone.</summary>
    public void Dispose()
    {
        foreach (Thread thread in _threads)
            thread.Join();
    }

    private void Run()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(MaxTransfer + HeaderRoom, pinned: true);
        int descriptor = (int)_channel.DangerousGetHandle();
        while (true)
        {
            nint length;
            fixed (byte* start = buffer)
                length = Libc.Read(descriptor, start, (nuint)buffer.Length);

            // ENOENT: the request was taken back while it was being read. ENODEV: the mount is gone.
            if (length is -Errno.EINTR or -Errno.EAGAIN or -Errno.ENOENT)
                continue;
            if (length < sizeof(FuseInHeader))
                return;
            Take(buffer.AsSpan(0, (int)length));
        }
    }

    private void Take(ReadOnlySpan<byte> message)
    {
        FuseInHeader header = MemoryMarshal.Read<FuseInHeader>(message);
        ReadOnlySpan<byte> body = message[sizeof(FuseInHeader)..];
        switch (header.opcode)
        {
            case FuseAbi.FUSE_READ:
                FuseReadIn read = MemoryMarshal.Read<FuseReadIn>(body);
                _serve(new FuseRequest(this, header.unique, MediumOperations.Read, (long)read.offset, (int)read.size));
                break;
            case FuseAbi.FUSE_WRITE:
                FuseWriteIn write = MemoryMarshal.Read<FuseWriteIn>(body);
                _serve(new FuseRequest(this, header.unique, (long)write.offset, body.Slice(sizeof(FuseWriteIn), (int)write.size))
                {
                    Durable = (write.flags & FuseAbi.O_DSYNC) != 0,
                });
                break;
            case FuseAbi.FUSE_FSYNC:
                _serve(new FuseRequest(this, header.unique, MediumOperations.Flush, 0, 0));
                break;
            case FuseAbi.FUSE_FALLOCATE:
                FuseFallocateIn allocate = MemoryMarshal.Read<FuseFallocateIn>(body);
                _serve(new FuseRequest(this, header.unique, MediumOperations.Discard, (long)allocate.offset, (long)allocate.length));
                break;
            case FuseAbi.FUSE_INIT:
                Reply(header.unique, Abilities());
                break;
            case FuseAbi.FUSE_GETATTR:
                Reply(header.unique, Attributes());
                break;
            case FuseAbi.FUSE_OPEN:
                Reply(header.unique, new FuseOpenOut { open_flags = FuseAbi.FOPEN_DIRECT_IO | FuseAbi.FOPEN_PARALLEL_DIRECT_WRITES });
                break;
            case FuseAbi.FUSE_RELEASE or FuseAbi.FUSE_FLUSH:
                Reply(header.unique, 0, []);
                break;
            case FuseAbi.FUSE_FORGET or FuseAbi.FUSE_BATCH_FORGET or FuseAbi.FUSE_INTERRUPT:
                // They take no answer; an interrupted request is answered when it is.
                break;
            default:
                Reply(header.unique, Errno.ENOSYS, []);
                break;
        }
    }

    private void Reply<T>(ulong unique, T payload)
        where T : unmanaged => Reply(unique, 0, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in payload)));

    /// <summary>Parallel direct I/O in pieces as large as the kernel makes them: what a loop device would have on a real file.</summary>
    private static FuseInitOut Abilities() => new()
    {
        major = FuseAbi.FUSE_KERNEL_VERSION,
        minor = Minor,
        max_readahead = MaxTransfer,
        flags = FuseAbi.FUSE_ASYNC_READ | FuseAbi.FUSE_BIG_WRITES | FuseAbi.FUSE_ASYNC_DIO | FuseAbi.FUSE_MAX_PAGES,
        max_background = ushort.MaxValue,
        congestion_threshold = ushort.MaxValue,
        max_write = MaxTransfer,
        time_gran = 1,
        max_pages = (ushort)(MaxTransfer / 4096),
    };

    private FuseAttrOut Attributes() => new()
    {
        attr_valid = ForEver,
        attr = new FuseAttr
        {
            ino = 1,
            size = (ulong)_size,
            blocks = (ulong)_size / 512,
            mode = FileAbi.S_IFREG | 0x1A4,
            nlink = 1,
            blksize = 4096,
        },
    };
}
