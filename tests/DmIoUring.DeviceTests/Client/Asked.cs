using DmIoUring.Engine;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A request as a test asks for it, to be made by whichever driver and on whichever thread.</summary>
internal sealed unsafe class Asked(IoOperation operation, IoRegion[] regions, IoBuffer buffer, IoRequestOptions options)
{
    /// <summary>Whether it is made by the call for one region.</summary>
    public bool IsOfOne { get; init; }

    /// <summary>Whether the callback is one that gets the bytes and two words of context, where the operation has such a call.</summary>
    public bool IsCompleted { get; init; }

    /// <summary>What such a callback must be told of a success; null where there is no such call.</summary>
    public long? Bytes => !IsCompleted || operation > IoOperation.Flush || (operation == IoOperation.Flush && IsOfOne) ? null
        : operation == IoOperation.Flush ? 0
        : regions.Aggregate(0L, static (sum, region) => unchecked(sum + (region.Count * IoRegion.SectorSize)));

    /// <summary>The first region's device, if it has one.</summary>
    public BlockDevice? Device => regions.Length == 0 ? null : regions[0].Device;

    /// <summary>The same with native memory as an address alone.</summary>
    public Asked ByAddress() => buffer is { Kind: IoBufferKind.Native, Owner: { } owner } && IsAlive(owner)
        ? new Asked(operation, regions, IoBuffer.Contiguous(buffer.Pointer, buffer.Length), options) { IsOfOne = IsOfOne, IsCompleted = IsCompleted }
        : this;

    /// <summary>The same with a callback that gets more, or not.</summary>
    public Asked Completing(bool isCompleted) => isCompleted ? new Asked(operation, regions, buffer, options) { IsOfOne = IsOfOne, IsCompleted = true } : this;

    public void SubmitTo(DmIoClient client, Notification notification)
    {
        if (IsCompleted && SubmitCompletedTo(client, notification))
            return;
        if (operation == IoOperation.Read)
            client.SubmitRead(regions[0], buffer, Notification.Arrived, notification, options);
        else if (operation == IoOperation.Write && IsOfOne)
            client.SubmitWrite(regions[0], buffer, Notification.Arrived, notification, options);
        else if (operation == IoOperation.Write)
            client.SubmitWrite(regions, buffer, Notification.Arrived, notification, options);
        else if (IsOfOne)
            SubmitOneTo(client, notification);
        else if (operation == IoOperation.Flush)
            client.SubmitFlush(regions, Notification.Arrived, notification, options);
        else if (operation == IoOperation.Discard)
            client.SubmitDiscard(regions, Notification.Arrived, notification, options);
        else
            client.SubmitWriteZeroes(regions, Notification.Arrived, notification, options);
    }

    public void SubmitTo(IoReactor reactor, Notification notification)
    {
        if (IsCompleted && SubmitCompletedTo(reactor, notification))
            return;
        if (operation == IoOperation.Read)
            reactor.SubmitRead(regions[0], buffer, Notification.Arrived, notification, options);
        else if (operation == IoOperation.Write && IsOfOne)
            reactor.SubmitWrite(regions[0], buffer, Notification.Arrived, notification, options);
        else if (operation == IoOperation.Write)
            reactor.SubmitWrite(regions, buffer, Notification.Arrived, notification, options);
        else if (IsOfOne)
            SubmitOneTo(reactor, notification);
        else if (operation == IoOperation.Flush)
            reactor.SubmitFlush(regions, Notification.Arrived, notification, options);
        else if (operation == IoOperation.Discard)
            reactor.SubmitDiscard(regions, Notification.Arrived, notification, options);
        else
            reactor.SubmitWriteZeroes(regions, Notification.Arrived, notification, options);
    }

    /// <summary>As a batch of one; flushes, discards and zeroes, which no batch has, as they are.</summary>
    public void SubmitAsBatchTo(DmIoClient client, Notification notification)
    {
        if (operation > IoOperation.Write)
            SubmitTo(client, notification);
        else
            client.Submit([ForBatch(notification)]);
    }

    /// <inheritdoc cref="SubmitAsBatchTo(DmIoClient, Notification)"/>
    public void SubmitAsBatchTo(IoReactor reactor, Notification notification)
    {
        if (operation > IoOperation.Write)
            SubmitTo(reactor, notification);
        else
            reactor.Submit([ForBatch(notification)]);
    }

    private bool SubmitCompletedTo(DmIoClient client, Notification notification)
    {
        if (Bytes is null)
            return false;
        if (operation == IoOperation.Read)
            client.SubmitRead(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
        else if (operation == IoOperation.Flush)
            client.SubmitFlush(regions, Notification.Completed, notification, notification.Tag, options);
        else if (IsOfOne)
            client.SubmitWrite(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
        else
            client.SubmitWrite(regions, buffer, Notification.Completed, notification, notification.Tag, options);
        return true;
    }

    private void SubmitOneTo(DmIoClient client, Notification notification)
    {
        if (operation == IoOperation.Flush)
            client.SubmitFlush(regions[0], Notification.Arrived, notification, options);
        else if (operation == IoOperation.Discard)
            client.SubmitDiscard(regions[0], Notification.Arrived, notification, options);
        else
            client.SubmitWriteZeroes(regions[0], Notification.Arrived, notification, options);
    }

    private bool SubmitCompletedTo(IoReactor reactor, Notification notification)
    {
        if (Bytes is null)
            return false;
        if (operation == IoOperation.Read)
            reactor.SubmitRead(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
        else if (operation == IoOperation.Flush)
            reactor.SubmitFlush(regions, Notification.Completed, notification, notification.Tag, options);
        else if (IsOfOne)
            reactor.SubmitWrite(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
        else
            reactor.SubmitWrite(regions, buffer, Notification.Completed, notification, notification.Tag, options);
        return true;
    }

    private void SubmitOneTo(IoReactor reactor, Notification notification)
    {
        if (operation == IoOperation.Flush)
            reactor.SubmitFlush(regions[0], Notification.Arrived, notification, options);
        else if (operation == IoOperation.Discard)
            reactor.SubmitDiscard(regions[0], Notification.Arrived, notification, options);
        else
            reactor.SubmitWriteZeroes(regions[0], Notification.Arrived, notification, options);
    }

    private IoRequest ForBatch(Notification notification)
    {
        if (IsCompleted && operation == IoOperation.Read)
            return IoRequest.Read(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
        if (IsCompleted)
        {
            return IsOfOne
                ? IoRequest.Write(regions[0], buffer, Notification.Completed, notification, notification.Tag, options)
                : IoRequest.Write(regions, buffer, Notification.Completed, notification, notification.Tag, options);
        }

        if (operation == IoOperation.Read)
            return IoRequest.Read(regions[0], buffer, Notification.Arrived, notification, options);
        return IsOfOne
            ? IoRequest.Write(regions[0], buffer, Notification.Arrived, notification, options)
            : IoRequest.Write(regions, buffer, Notification.Arrived, notification, options);
    }

    private static bool IsAlive(IoMemory memory)
    {
        try
        {
            return memory.Pointer is not null;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}
