using DmIoUring.Services.Mirroring;
using DmIoUring.Services.Mirroring.Metadata;

namespace DmIoUring.Services;

/// <content>Legs that come and go while the mirror is in use.</content>
public sealed partial class MirrorDevice
{
    /// <summary>Takes a leg out of sync: nothing is read from it or written to it any more. <see cref="ResyncAsync"/> brings it back.</summary>
    /// <param name="index">The leg's index.</param>
    /// <returns>Ends when this is recorded on the legs that are left. What was in flight on the leg may still be.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leg.</exception>
    /// <exception cref="MirrorException">It is the last one in sync, or it could not be recorded.</exception>
    /// <exception cref="ObjectDisposedException">The mirror or the client was disposed.</exception>
    public async Task TakeOutAsync(int index)
    {
        CheckIndex(index);
        await ChangeLegAsync(() =>
        {
            lock (Gate)
            {
                MirrorLeg leg = _legs[index];
                CheckIsNotLast(leg, "taken out");
                if (leg.IsWritten)
                    SetState(leg, MirrorLegState.OutOfSync, "was taken out");
            }

            return Task.CompletedTask;
        }).ConfigureAwait(false);
    }

    /// <summary>Brings the device of a missing leg back, which keeps what it has: the next resync copies what was written while it was away, or all where the log does not reach back that far.</summary>
    /// <param name="device">The leg's device, open for reading and writing; not disposed by the mirror.</param>
    /// <param name="cancellationToken">Cancels before anything is changed.</param>
    /// <returns>The leg's index.</returns>
    /// <exception cref="MirrorException">It is no leg of this mirror, or was used without it; or that leg has a device. <see cref="ReplaceAsync"/> takes any device.</exception>
    /// <exception cref="ObjectDisposedException">The mirror, the client or the device was disposed.</exception>
    public async Task<int> AttachAsync(BlockDevice device, CancellationToken cancellationToken = default)
    {
        CheckNewDevice(device, instead: -1);
        FoundLeg found = await new SuperblockReader(Client).ReadAsync(device, cancellationToken).ConfigureAwait(false);
        int index = found.Superblock.Leg;
        if (found.Superblock.Mirror != Id || index >= _legs.Length || _legs[index].Id != found.Id)
            throw new MirrorException(MirrorRefusal.Foreign, $"{found} is no leg of mirror {Id} (it says {found.Superblock.Mirror}). Put it in the place of a leg by ReplaceAsync.");
        CheckLeg(device, index);
        CheckBlock(device);
        await ChangeLegAsync(() =>
        {
            lock (Gate)
            {
                MirrorLeg leg = _legs[index];
                if (leg.State != MirrorLegState.Missing)
                    throw new MirrorException(MirrorRefusal.NotMissing, $"{leg.Status} is not missing. Put another device in its place by ReplaceAsync.");
                CheckNewDevice(device, instead: -1);

                // With whichever of them it was used last, it shares the changes.
                bool doubtsOthers = !Array.Exists(_legs, other => other.IsInSync && found.Superblock.Entries[other.Index].IsInSync);
                bool isAsLeft = MirrorAssembly.IsAsItWasLeft(found.Superblock, leg.Entry, doubtsOthers);
                if (!isAsLeft && found.IsInSync && (doubtsOthers || found.Superblock.Changes >= leg.Last.Number))
                    throw new MirrorException(MirrorRefusal.Split, $"{found} was used without this mirror, which knows it up to change {leg.Last.Number}. ReplaceAsync takes it all the same; what only it has is lost then.");
                RecordedState state = isAsLeft && !leg.LacksAll ? RecordedState.LacksLogged : RecordedState.LacksAll;
                Install(new MirrorLeg(index, new SuperblockEntry(leg.Id, state, found.Superblock.Change, found.Superblock.Change), device), leg, "came back");
            }

            return Task.CompletedTask;
        }).ConfigureAwait(false);
        return index;
    }

    /// <summary>Puts another device in a leg's place. A resync copies all of the mirror to it. Requests may still be in flight on the device that it replaces.</summary>
    /// <param name="index">The leg's index.</param>
    /// <param name="device">The device, open for reading and writing; not disposed by the mirror, and neither is the one that it replaces.</param>
    /// <param name="overwrite">Whether it may belong to a mirror already.</param>
    /// <param name="cancellationToken">Cancels before anything is changed.</param>
    /// <returns>Ends when this is recorded on the legs that are in sync.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leg.</exception>
    /// <exception cref="MirrorException">The device can't be a leg, the leg is the last one in sync, or it could not be recorded.</exception>
    /// <exception cref="ObjectDisposedException">The mirror, the client or the device was disposed.</exception>
    public async Task ReplaceAsync(int index, BlockDevice device, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        CheckIndex(index);
        CheckNewDevice(device, instead: index);
        CheckLeg(device, index);
        CheckBlock(device);
        if (!_layout.FitsOn(device.SectorCount))
            throw TooSmall(device, _layout.Sectors, _layout);
        if (!overwrite && await new SuperblockReader(Client).FindAsync(device, cancellationToken).ConfigureAwait(false) is { } found)
            throw new MirrorException(MirrorRefusal.InUse, $"{found} belongs to mirror {found.Superblock.Mirror}. Set overwrite to take it all the same: its metadata is lost then.");
        cancellationToken.ThrowIfCancellationRequested();
        await ChangeLegAsync(async () =>
        {
            Guid id = Guid.NewGuid();
            MirrorLeg leg = _legs[index];
            SuperblockEntry[] entries;
            ChangeStamp change;
            lock (Gate)
            {
                CheckNewDevice(device, instead: index);
                CheckIsNotLast(leg, "replaced");
                change = RecordedChange;
                entries = Entries();
                entries[index] = new SuperblockEntry(id, RecordedState.LacksAll, change, change);
            }

            MirrorLeg replacement = new(index, entries[index], device);
            if (!_layout.IsInMemory)
                await WriteNewSuperblockAsync(replacement, entries, change, change).ConfigureAwait(false);
            lock (Gate)
            {
                CheckIsNotLast(leg, "replaced");
                SetState(leg, MirrorLegState.OutOfSync, "was replaced");
                Install(replacement, leg, "was replaced");
                Changes++;
            }
        }).ConfigureAwait(false);
    }

    private async Task ChangeLegAsync(Func<Task> change)
    {
        if (!await TryChangeLegsAsync(change).ConfigureAwait(false))
            throw new MirrorException(MirrorRefusal.Failed, $"It could be recorded on no leg: {string.Join(", ", Legs)}.");
    }

    /// <summary>One change of the legs at a time, and none during a resync.</summary>
    /// <returns>Whether it is recorded.</returns>
    private async Task<bool> TryChangeLegsAsync(Func<Task> change)
    {
        lock (Gate)
        {
            BeginCall();
            if (_isChanging)
            {
                EndCall();
                throw new InvalidOperationException("A resync of this mirror, or another change of its legs, is under way: wait for its end, or cancel it.");
            }

            _isChanging = true;
        }

        try
        {
            await change().ConfigureAwait(false);
            return await CommitAsync().ConfigureAwait(false);
        }
        finally
        {
            lock (Gate)
            {
                _isChanging = false;
                EndCall();
            }
        }
    }

    /// <summary>Requests in flight keep the leg that they were submitted to. Must be called with the lock held.</summary>
    private void Install(MirrorLeg leg, MirrorLeg replaced, string reason)
    {
        leg.Reason = reason;
        _legs[leg.Index] = leg;
        _writtenLegs = null;
        if (replaced.State != leg.State)
            _legChanges.Add(new MirrorLegChange(leg.Status, replaced.State));
    }

    /// <summary>Whoever uses the mirror has seen its block size already.</summary>
    private void CheckBlock(BlockDevice device)
    {
        if (device.LogicalBlockSize > LogicalBlockSize)
        {
            throw new MirrorException(MirrorRefusal.Unsuitable, FormattableString.Invariant(
                $"{device.Path} has logical blocks of {device.LogicalBlockSize} bytes, and the mirror is in use with {LogicalBlockSize}. Give a device with blocks of {LogicalBlockSize} bytes or less."));
        }
    }

    private void CheckIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _legs.Length);
    }

    private void CheckNewDevice(BlockDevice device, int instead)
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (Gate)
        {
            // A leg's own device may take its place only when nothing is written to it any more.
            if (Array.Find(_legs, leg => (leg.Index != instead || leg.IsWritten) && leg.Device?.IsSameDeviceAs(device) == true) is { } leg)
                throw new MirrorException(MirrorRefusal.SameDevice, $"{device.Path} is leg {leg.Index} ({leg.Device!.Path}) already. Give another device; or, to copy all of that leg anew, take it out first.");
        }
    }

    private void CheckIsNotLast(MirrorLeg leg, string what)
    {
        if (leg.IsInSync && !Array.Exists(_legs, other => other.IsInSync && other != leg))
            throw new MirrorException(MirrorRefusal.NoSource, $"{leg.Status} is the last leg in sync and can't be {what}. Resynchronize another leg first.");
    }
}
