using DmIoUring.Services;

namespace DmIoUring.RemoteLegs;

/// <summary>Threads that write, read, zero and flush at random on a mirror, and check every byte that they read.</summary>
internal sealed class MirrorLoad
{
    public const int Threads = 6;
    private const int MostBlocks = 8;
    private const int More = 20;

    private readonly MirrorDevice _mirror;
    private readonly BlockModel _model;
    private readonly Thread[] _threads;
    private readonly long[] _requests = new long[Threads];
    private volatile Exception? _failure;
    private volatile bool _mustEnd;

    public MirrorLoad(MirrorDevice mirror, BlockModel model)
    {
        _mirror = mirror;
        _model = model;
        _threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() => Work(thread)) { IsBackground = true, Name = "load" })];
        Array.ForEach(_threads, static thread => thread.Start());
    }

    public long Requests => _requests.Sum();

    /// <summary>Until every thread has made some requests more.</summary>
    /// <exception cref="CheckException">A request has failed, or read what it must not.</exception>
    public void GoesOn()
    {
        long[] before = [.. _requests];
        Tool.WaitFor("the load to go on", () => _failure is not null || Enumerable.Range(0, Threads).All(thread => Interlocked.Read(ref _requests[thread]) >= before[thread] + More));
        ThrowIfFailed();
    }

    /// <summary>Ends it, and returns when nothing of it is under way.</summary>
    public void End()
    {
        if (!TryEnd())
            throw new CheckException("a request of the load does not end");
        ThrowIfFailed();
    }

    /// <summary>Ends it, however it went.</summary>
    /// <returns>Whether nothing of it is under way.</returns>
    public bool TryEnd()
    {
        _mustEnd = true;
        return Array.TrueForAll(_threads, static thread => thread.Join(Tool.Limit));
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
            throw new CheckException($"the load has failed: {(failure is CheckException ? failure.Message : failure)}");
    }

    private void Work(int thread)
    {
        Random random = new(thread);
        using IoMemory memory = IoMemory.Allocate(MostBlocks * BlockModel.BlockBytes);
        try
        {
            while (!_mustEnd && _failure is null)
            {
                Ask(random, memory);
                Interlocked.Increment(ref _requests[thread]);
            }
        }
#pragma warning disable CA1031 // Who waits for the load throws it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure ??= exception;
        }
    }

    private void Ask(Random random, IoMemory memory)
    {
        int kind = random.Next(16);
        if (kind == 0)
        {
            Succeeded("a flush", random.Next(2) == 0 ? _mirror.Flush() : _mirror.FlushAsync().AsTask().GetAwaiter().GetResult());
            return;
        }

        int count = random.Next(1, MostBlocks + 1), first = random.Next(_model.Blocks - count + 1);
        bool isWriter = kind < 9;
        if (!_model.TryClaim(first, count, isWriter))
            return;
        try
        {
            if (kind == 1)
                Zero(first, count);
            else if (isWriter)
                Write(random, memory, first, count);
            else
                Read(random, memory, first, count);
        }
        finally
        {
            _model.Release(first, count, isWriter);
        }
    }

    private void Zero(int first, int count)
    {
        _model.Zeroed(first, count);
        Succeeded("zeroes", _mirror.WriteZeroesAsync(Sector(first), Sector(count)).AsTask().GetAwaiter().GetResult());
    }

    private void Write(Random random, IoMemory memory, int first, int count)
    {
        _model.Prepare(first, memory.GetSpan()[..(count * BlockModel.BlockBytes)]);
        IoFlags flags = random.Next(8) switch { 0 => IoFlags.Fua, 1 => IoFlags.Preflush, _ => IoFlags.None };
        Succeeded("a write", random.Next(2) == 0
            ? _mirror.Write(Sector(first), Sector(count), memory, flags)
            : _mirror.WriteAsync(Sector(first), Sector(count), memory, flags).AsTask().GetAwaiter().GetResult());
    }

    private void Read(Random random, IoMemory memory, int first, int count)
    {
        Succeeded("a read", random.Next(2) == 0
            ? _mirror.Read(Sector(first), Sector(count), memory)
            : _mirror.ReadAsync(Sector(first), Sector(count), memory).AsTask().GetAwaiter().GetResult());
        _model.Check("a read", first, memory.GetSpan()[..(count * BlockModel.BlockBytes)]);
    }

    private static long Sector(int block) => block * (long)BlockModel.BlockSectors;

    private static void Succeeded(string what, MirrorResult result)
    {
        if (!result.IsSuccess)
            throw new CheckException($"{what}: {result}");
    }
}
