using System.Runtime.CompilerServices;
using DmIoUring.Services.Mirroring;

namespace DmIoUring.Services;

/// <content>What changes the legs' data.</content>
public sealed partial class MirrorDevice
{
    private const IoFlags WriteFlags = IoFlags.Preflush | IoFlags.Fua;

    /// <summary>How often a leg that is not to blame is asked again before it is taken out, with 10 ms, 20 ms, ... between.</summary>
    internal const int MostRetries = 3;

    private MirrorLeg[]? _writtenLegs;

    internal enum Change
    {
        Write,
        Discard,
        WriteZeroes,
        Flush,
    }

    /// <summary>Writes to all legs.</summary>
    /// <param name="sector">The first sector, of 512 bytes.</param>
    /// <param name="count">Sectors of 512 bytes, at least 1.</param>
    /// <param name="buffer">What; at least as long. Free to use again, and to be changed, when the task completes: legs would differ otherwise.</param>
    /// <param name="flags"><see cref="IoFlags.Preflush"/> and <see cref="IoFlags.Fua"/>, of every leg.</param>
    /// <returns>How it ended. When it has failed, the sectors' content is unknown.</returns>
    /// <exception cref="ArgumentException">The range, the buffer or the flags are invalid. <see cref="IoFlags.Atomic"/> is: legs may differ in what they can write atomically. <see cref="IoFlags.StableCopy"/> is: a leg may write an abandoned copy at any later time, over what was resynchronized.</exception>
    /// <exception cref="ObjectDisposedException">The mirror, the client, a leg's device or the buffer was disposed.</exception>
    /// <remarks>The first write to a region that has been clean waits for the log.</remarks>
    public ValueTask<MirrorResult> WriteAsync(long sector, long count, IoBuffer buffer, IoFlags flags = IoFlags.None)
    {
        MirrorResult? refusal = Refuses(sector, count);
        CheckWrite(count, buffer, flags);
        return refusal is { } refused ? new ValueTask<MirrorResult>(refused) : ChangeAsync(Change.Write, sector, count, buffer, flags);
    }

    /// <summary>As <see cref="WriteAsync"/>, and waits. Not in a callback of a client or a reactor.</summary>
    /// <param name="sector">The first sector, of 512 bytes.</param>
    /// <param name="count">Sectors of 512 bytes, at least 1.</param>
    /// <param name="buffer">What; at least as long. Free to use again when the call returns.</param>
    /// <param name="flags">As in <see cref="WriteAsync"/>.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="InvalidOperationException">The calling thread runs a callback.</exception>
    /// <inheritdoc cref="WriteAsync" path="/exception"/>
    public MirrorResult Write(long sector, long count, IoBuffer buffer, IoFlags flags = IoFlags.None)
    {
        RefuseInCallback();
        MirrorResult? refusal = Refuses(sector, count);
        CheckWrite(count, buffer, flags);
        if (refusal is { } refused)
            return refused;
        MirrorCall? call = TryBeginWrite(sector, count);
        if (call is null)
            return Wait(ChangeAsync(Change.Write, sector, count, buffer, flags));
        bool mayDiffer = false;
        try
        {
            BeginChecksums(Change.Write, call, sector, count, buffer);
            IoResult result = Client.Write(call.Regions(sector, count), buffer, new IoRequestOptions(flags, Report: call.Report));
            mayDiffer = true;
            MirrorResult settled = result.IsSuccess && IsRecorded
                ? new MirrorResult(IsSuccess: true, default)
                : Wait(SettleAsync(Change.Write, call, result, sector, count, buffer, flags));
            EndChecksums(Change.Write, call, sector, count, settled);
            mayDiffer = false;
            return settled;
        }
        finally
        {
            lock (Gate)
            {
                // An exception after it was submitted: some legs may have it.
                if (mayDiffer)
                    MayDiffer(sector, count);
                EndChange(call, sector, count);
            }
        }
    }

    /// <summary>Discards on all legs that can. What is read there afterwards is undefined, and may be another thing at each read; <see cref="WriteZeroesAsync"/> has a defined result.</summary>
    /// <param name="sector">The first sector, of 512 bytes.</param>
    /// <param name="count">Sectors of 512 bytes, at least 1.</param>
    /// <returns>How it ended; not done and <see cref="IoResult.Unsupported"/> when no leg can.</returns>
    /// <inheritdoc cref="WriteAsync" path="/exception"/>
    public ValueTask<MirrorResult> DiscardAsync(long sector, long count) =>
        Refuses(sector, count) is { } refusal ? new ValueTask<MirrorResult>(refusal) : ChangeAsync(Change.Discard, sector, count, default, IoFlags.None);

    /// <summary>Writes zeroes to all legs; to one that has no command for that, as data.</summary>
    /// <param name="sector">The first sector, of 512 bytes.</param>
    /// <param name="count">Sectors of 512 bytes, at least 1.</param>
    /// <returns>How it ended.</returns>
    /// <inheritdoc cref="WriteAsync" path="/exception"/>
    public ValueTask<MirrorResult> WriteZeroesAsync(long sector, long count) =>
        Refuses(sector, count) is { } refusal ? new ValueTask<MirrorResult>(refusal) : ChangeAsync(Change.WriteZeroes, sector, count, default, IoFlags.None);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MirrorResult> ChangeAsync(Change change, long sector, long count, IoBuffer buffer, IoFlags flags)
    {
        Task? locked = null;
        bool isLogged = false;
        lock (Gate)
        {
            BeginCall();
            if (_locks.TryLock(sector, count))
                isLogged = Log.BeginWrite(sector, count);
            else
                locked = _locks.LockAsync(sector, count);
        }

        if (locked is not null)
        {
            await locked.ConfigureAwait(false);
            lock (Gate)
                isLogged = Log.BeginWrite(sector, count);
        }

        MirrorCall? call = null;
        bool mayDiffer = false;
        try
        {
            if (!isLogged && !await CommitAsync().ConfigureAwait(false))
                return new MirrorResult(IsSuccess: false, MetadataFailure(sector));
            lock (Gate)
                call = RentWriteCall();
            BeginChecksums(change, call, sector, count, buffer);
            IoResult result = await SubmitAsync(change, call, sector, count, buffer, flags).ConfigureAwait(false);
            mayDiffer = true;
            MirrorResult settled = result.IsSuccess && IsRecorded
                ? new MirrorResult(IsSuccess: true, default)
                : await SettleAsync(change, call, result, sector, count, buffer, flags).ConfigureAwait(false);
            EndChecksums(change, call, sector, count, settled);
            mayDiffer = false;
            return settled;
        }
        finally
        {
            lock (Gate)
            {
                // An exception after it was submitted: some legs may have it.
                if (mayDiffer)
                    MayDiffer(sector, count);
                EndChange(call, sector, count);
            }
        }
    }

    /// <summary>Begins a write that has nothing to wait for; null: it has, and is not begun.</summary>
    private MirrorCall? TryBeginWrite(long sector, long count)
    {
        lock (Gate)
        {
            BeginCall();
            if (_locks.TryLock(sector, count))
            {
                if (Log.BeginWrite(sector, count))
                    return RentWriteCall();
                EndChange(call: null, sector, count);
            }
            else
            {
                EndCall();
            }

            return null;
        }
    }

    /// <summary>Must be called with the lock held.</summary>
    private void EndChange(MirrorCall? call, long sector, long count)
    {
        if (call is not null)
            ReturnCall(call);
        Log.EndWrite(sector, count);
        _locks.Unlock(sector, count);
        EndCall();
    }

    private static void CheckWrite(long count, in IoBuffer buffer, IoFlags flags)
    {
        if ((flags & ~WriteFlags) != 0)
            throw new ArgumentException($"Flags {flags & ~WriteFlags} can't be asked of a mirror; Preflush and Fua can.", nameof(flags));
        CheckBuffer(count, buffer);
    }

    private ValueTask<IoResult> SubmitAsync(Change change, MirrorCall call, long sector, long count, IoBuffer buffer, IoFlags flags)
    {
        ReadOnlySpan<IoRegion> regions = call.Regions(sector, count);
        IoRequestOptions options = new(flags, Report: call.Report);
        return change switch
        {
            Change.Write => Client.WriteAsync(regions, buffer, options),
            Change.Discard => Client.DiscardAsync(regions, options),
            Change.WriteZeroes => Client.WriteZeroesAsync(regions, options),
            Change.Flush => Client.FlushAsync(regions, options),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Tries again what no leg is to blame for, takes out the legs that have failed, and records that before the request ends.</summary>
    private async ValueTask<MirrorResult> SettleAsync(Change change, MirrorCall call, IoResult result, long sector, long count, IoBuffer buffer, IoFlags flags)
    {
        LegFailures failures = default;
        foreach (int region in result.Failed | result.Unsupported)
        {
            MirrorLeg leg = call.Legs[region];
            IoFailure failure = call.Failure(result, region);
            bool isUnsupported = result.Unsupported[region];
            if (change is not (Change.Discard or Change.WriteZeroes) || !isUnsupported)
                (failure, isUnsupported) = await RetryAsync(change, leg, sector, count, buffer, flags, failure, isUnsupported).ConfigureAwait(false);
            if (change == Change.WriteZeroes && isUnsupported)
                (failure, isUnsupported) = await WriteZeroesAsDataAsync(leg, sector, count).ConfigureAwait(false);
            if (failure.Cause != IoFailureCause.None)
                failures.Add(leg, failure, isUnsupported);
        }

        bool isDone;
        lock (Gate)
        {
            isDone = TakeOut(call.Legs, failures, unsupportedToo: change != Change.Discard);
            if (!isDone && change is not (Change.Discard or Change.Flush))
                MayDiffer(sector, count);
        }

        if (!isDone || IsRecorded || await CommitAsync().ConfigureAwait(false))
            return new MirrorResult(isDone, failures.Result);
        return new MirrorResult(IsSuccess: false, failures.IsEmpty ? MetadataFailure(sector) : failures.Result);
    }

    internal static Task DelayRetryAsync(int retry) => Task.Delay(TimeSpan.FromMilliseconds(10 << retry - 1));

    /// <summary>Asks a leg again what it is not to blame for. A flush that has put the device in doubt is not repeated: that would prove nothing.</summary>
    internal async ValueTask<(IoFailure Failure, bool IsUnsupported)> RetryAsync(
        Change change, MirrorLeg leg, long sector, long count, IoBuffer buffer, IoFlags flags, IoFailure failure, bool isUnsupported)
    {
        for (int retry = 1; retry <= MostRetries && LegFailures.IsHostFailure(failure, isUnsupported) && leg.Device!.Doubt is null; retry++)
        {
            await DelayRetryAsync(retry).ConfigureAwait(false);
            IoRegion region = new(leg.Device, sector, count);
            IoResult result = change switch
            {
                Change.Write => await Client.WriteAsync(region, buffer, flags).ConfigureAwait(false),
                Change.Discard => await Client.DiscardAsync(region).ConfigureAwait(false),
                Change.WriteZeroes => await Client.WriteZeroesAsync(region).ConfigureAwait(false),
                Change.Flush => await Client.FlushAsync(region).ConfigureAwait(false),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
            failure = result.First;
            isUnsupported = !result.Unsupported.IsEmpty;
        }

        return (failure, isUnsupported);
    }

    private async ValueTask<(IoFailure Failure, bool IsUnsupported)> WriteZeroesAsDataAsync(MirrorLeg leg, long sector, long count)
    {
        long pieceSectors = _zeroes.Length / IoRegion.SectorSize;
        for (long done = 0; done < count; done += pieceSectors)
        {
            IoRegion region = new(leg.Device!, sector + done, Math.Min(pieceSectors, count - done));
            IoResult result = await Client.WriteAsync(region, _zeroes).ConfigureAwait(false);
            if (result.IsSuccess)
                continue;
            (IoFailure failure, bool isUnsupported) = await RetryAsync(
                Change.Write, leg, region.Sector, region.Count, _zeroes, IoFlags.None, result.First, !result.Unsupported.IsEmpty).ConfigureAwait(false);
            if (failure.Cause != IoFailureCause.None)
                return (failure, isUnsupported);
        }

        return default;
    }

    internal Task<bool> CommitAsync()
    {
        lock (Gate)
            return _metadata.CommitAsync();
    }

    /// <summary>Must be called with the lock held.</summary>
    private MirrorCall RentWriteCall()
    {
        MirrorCall call = _freeCalls.Count > 0 ? _freeCalls.Pop() : new MirrorCall();
        call.Legs = _writtenLegs ??= LegsThat(static leg => leg.IsWritten);
        return call;
    }

    /// <summary>A write that no leg has carried out may be on some of them in part. Must be called with the lock held.</summary>
    private void MayDiffer(long sector, long count)
    {
        int last = _layout.RegionOf(sector + count - 1);
        for (int region = _layout.RegionOf(sector); region <= last; region++)
            _unsynced.Add(region);
        _checksums?.Forget(sector, count);
    }

    /// <summary>Why the metadata could be written to no leg.</summary>
    private IoResult MetadataFailure(long sector)
    {
        IoResult failure;
        lock (Gate)
            failure = _metadata.Failure;
        return failure.IsSuccess ? new IoResult(WrittenBits(), RegionBits.None, new IoFailure(WrittenBits().First, sector, ErrnoIo, IoFailureCause.Device)) : failure;
    }

    private static T Wait<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();

    /// <summary>Before anything is begun, so that it does not depend on the log whether it is refused.</summary>
    private static void RefuseInCallback()
    {
        if (DmIoClient.IsCallbackThread)
            throw new InvalidOperationException("A mirror can't be waited for in a callback of a client or a reactor. Use the method that ends in Async, or callbacks on the thread pool (DmIoOptions.Callbacks).");
    }
}
