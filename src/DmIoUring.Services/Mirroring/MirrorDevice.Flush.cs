using System.Runtime.CompilerServices;
using DmIoUring.Services.Mirroring;

namespace DmIoUring.Services;

/// <content>Flushes, and what they allow: regions that are clean again.</content>
public sealed partial class MirrorDevice
{
    private long _lastCleaningFlush;

    /// <summary>Makes durable on all legs what has ended so far. A leg that fails it is out of sync: what was written to it since its last good flush is copied by the next resync.</summary>
    /// <returns>How it ended; when it has failed, no leg has carried it out, and all are in doubt (<see cref="BlockDevice.Doubt"/>).</returns>
    /// <exception cref="ObjectDisposedException">The mirror, the client or a leg's device was disposed.</exception>
    public ValueTask<MirrorResult> FlushAsync()
    {
        lock (Gate)
            BeginCall();
        return FlushAndEndCallAsync();
    }

    /// <summary>As <see cref="FlushAsync"/>, and waits. Not in a callback of a client or a reactor.</summary>
    /// <returns>How it ended.</returns>
    /// <exception cref="InvalidOperationException">The calling thread runs a callback.</exception>
    /// <inheritdoc cref="FlushAsync" path="/exception"/>
    public MirrorResult Flush()
    {
        RefuseInCallback();
        return Wait(FlushAsync());
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MirrorResult> FlushAndEndCallAsync()
    {
        try
        {
            return await FlushLegsAsync().ConfigureAwait(false);
        }
        finally
        {
            lock (Gate)
                EndCall();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MirrorResult> FlushLegsAsync()
    {
        MirrorCall call;
        long flush;
        lock (Gate)
        {
            // A leg that is being resynchronized too: what is acknowledged as durable now must be durable there when it comes into sync.
            call = RentWriteCall();
            flush = Log.BeginFlush();
        }

        try
        {
            IoResult result = await SubmitAsync(Change.Flush, call, 0, 0, default, IoFlags.None).ConfigureAwait(false);
            MirrorResult settled = result.IsSuccess && IsRecorded
                ? new MirrorResult(IsSuccess: true, default)
                : await SettleAsync(Change.Flush, call, result, 0, 0, default, IoFlags.None).ConfigureAwait(false);
            if (settled.IsSuccess)
            {
                lock (Gate)
                    Log.EndFlush(flush);
            }

            return settled;
        }
        finally
        {
            lock (Gate)
                ReturnCall(call);
        }
    }

    private void StartCleaning()
    {
        if (_options.CleanAfter == Timeout.InfiniteTimeSpan)
            return;
        lock (Gate)
        {
            _cleanTimer = _options.TimeProvider.CreateTimer(
                static mirror => ((MirrorDevice)mirror!).CleanIfIdle(), this, _options.CleanAfter, _options.CleanAfter);
        }
    }

    private void CleanIfIdle()
    {
        lock (Gate)
        {
            if (_disposal is null && (_cleaning is null || _cleaning.IsCompleted))
                _cleaning = Task.Run(() => CleanAsync(isLast: false));
        }
    }

    /// <summary>
    /// Flushes the legs and clears the regions without a write since the last time; at the end, all. Only where all legs are in sync: otherwise the log says what a leg lacks.
    /// A failure leaves the regions in the log.
    /// </summary>
    internal async Task CleanAsync(bool isLast)
    {
        try
        {
            lock (Gate)
            {
                if (!isLast && (!IsWhole || Log.CountDirty() == 0))
                    return;
            }

            MirrorResult flushed = await FlushLegsAsync().ConfigureAwait(false);
            long before;
            List<int> idle;
            bool isAll;
            lock (Gate)
            {
                if (!flushed.IsSuccess || !isLast && !IsWhole)
                    return;
                before = Log.IdleBefore(isLast ? long.MaxValue : _lastCleaningFlush);
                _lastCleaningFlush = Log.FlushesBegun - 1;
                idle = _checksumStore is null ? [] : Log.IdleRegions(before);
                isAll = isLast && _checksumStore is not null && idle.Count == Log.CountDirty();
            }

            // Before the log says that they are clean: it is then that their checksums on the legs are believed.
            if (idle.Count > 0 && !await _checksumStore!.WriteAsync(idle).ConfigureAwait(false))
                return;
            Task<bool>? written = null;
            lock (Gate)
            {
                AreChecksumsWhole = isAll;
                if (!IsWhole)
                    return;
                Log.Clean(before);
                if (Log.HasChangedBlocks)
                    written = _metadata.CommitAsync();
            }

            if (written is not null)
                await written.ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The client or a device was disposed before the mirror: the regions stay in the log, which is what they are for.
        }
    }

    /// <summary>Whether all legs are equal but for writes in flight. Must be called with the lock held.</summary>
    private bool IsWhole => !_unsynced.Any && Array.TrueForAll(_legs, static leg => leg.IsInSync);
}
