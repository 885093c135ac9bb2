using DmIoUring.Services.Mirroring;

namespace DmIoUring.Services;

/// <content>Resynchronization.</content>
public sealed partial class MirrorDevice
{
    private CancellationTokenSource? _resyncCancellation;
    private bool _isChanging;

    /// <summary>
    /// Brings the legs that are out of sync up to date, all at once, from a leg that is in sync and not in doubt; and makes legs in sync equal where a mirror that was not closed has left them
    /// different. The mirror is in use meanwhile; writes to the region that is being copied wait for it.
    /// </summary>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends it: the legs stay out of sync, and what was copied is copied again next time.</param>
    /// <returns>How it ended. A leg that could not be written, sectors that no leg could read, and an end that could be recorded on no leg are no exceptions.</returns>
    /// <exception cref="MirrorException">No leg is in sync and free of doubt: there is nothing to copy from.</exception>
    /// <exception cref="InvalidOperationException">Another resync or a change of the legs is under way.</exception>
    /// <exception cref="ObjectDisposedException">The mirror, the client or a leg's device was disposed.</exception>
    /// <remarks>
    /// A leg whose flush had failed (<see cref="BlockDevice.Doubt"/>) is written again, so its doubt is acknowledged; it is in sync only when a flush after that has ended well.
    /// </remarks>
    public async Task<MirrorResyncResult> ResyncAsync(MirrorResyncOptions? options = null, CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        MirrorResyncResult? result = null;
        bool isRecorded = await TryChangeLegsAsync(async () =>
        {
            lock (Gate)
            {
                _resyncCancellation = cancellation;

                // The disposal has looked for it already, or will: one of the two sees the other.
                if (_disposal is not null)
                    cancellation.Cancel();
            }

            try
            {
                ResyncRun run = new(this, _layout, _unsynced, options ?? new MirrorResyncOptions());
                result = await run.RunAsync(cancellation.Token).ConfigureAwait(false);
            }
            finally
            {
                lock (Gate)
                    _resyncCancellation = null;
            }
        }).ConfigureAwait(false);
        return isRecorded || !result!.IsComplete ? result! : result with { Outcome = MirrorResyncOutcome.Incomplete };
    }

    /// <summary>The legs that are out of sync and have a device are written to from now on. Must be called with the lock held.</summary>
    /// <exception cref="MirrorException">There is nothing to copy from.</exception>
    internal MirrorLeg[] BeginResync()
    {
        MirrorLeg[] targets = LegsThat(static leg => leg.State == MirrorLegState.OutOfSync);
        if (targets.Length == 0 && !_unsynced.Any)
            return [];
        if (!Array.Exists(_legs, static leg => leg.IsSource))
        {
            throw new MirrorException(
                MirrorRefusal.NoSource,
                $"No leg is in sync and free of doubt, so none can be copied from: {string.Join(", ", _legs.Select(leg => leg.Status + (leg.Device?.Doubt is { } doubt ? $" in doubt: {doubt}" : "")))}. Check the data of the leg that you trust, and acknowledge its doubt.");
        }

        foreach (MirrorLeg leg in targets)
            SetState(leg, MirrorLegState.Resyncing, leg.Reason);
        return targets;
    }

    /// <summary>Ends a leg's resync. Must be called with the lock held.</summary>
    internal void EndResync(MirrorLeg leg, string? failure)
    {
        if (leg.State != MirrorLegState.Resyncing)
            return;
        if (failure is null)
        {
            leg.LacksAll = false;
            Log.ChangeAll();
        }

        SetState(leg, failure is null ? MirrorLegState.InSync : MirrorLegState.OutOfSync, failure);
    }

    /// <summary>Takes a leg out that a copy could not be written to. Must be called with the lock held.</summary>
    internal void FailCopy(MirrorLeg leg, string reason)
    {
        leg.FailedWrites++;
        if (leg.State == MirrorLegState.Resyncing || leg.IsInSync && Array.Exists(_legs, other => other.IsInSync && other != leg))
            SetState(leg, MirrorLegState.OutOfSync, reason);
    }

    /// <summary>A leg to copy from. Must be called with the lock held.</summary>
    internal MirrorLeg? ChooseSource(ulong without) => Array.Find(_legs, leg => leg.IsSource && (without >> leg.Index & 1) == 0);

    /// <summary>Must be called with the lock held.</summary>
    internal MirrorLeg[] InSyncLegs() => LegsThat(static leg => leg.IsInSync);

    internal async Task LockRangeAsync(long sector, long count)
    {
        Task? locked;
        lock (Gate)
            locked = _locks.TryLock(sector, count) ? null : _locks.LockAsync(sector, count);
        if (locked is not null)
            await locked.ConfigureAwait(false);
    }

    internal void UnlockRange(long sector, long count)
    {
        lock (Gate)
            _locks.Unlock(sector, count);
    }
}
