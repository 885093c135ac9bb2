using DmIoUring.Engine;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A request as a test asks for it, to be made by whichever driver and on whichever thread.</summary>
internal sealed unsafe class Asked(IoOperation operation, IoRegion[] regions, IoBuffer buffer, IoRequestOptions options)
{
    /// <summary>Whether it is made by the call for one region.</summary>
    public bool IsOfOne { get; init; }

    /// <summary>Whether the callback is one that gets the bytes and two words of context.</summary>
    public bool IsCompleted { get; init; }

    /// <summary>What such a callback must be told of a success; null where it is not such a one.</summary>
    public long? Bytes => !IsCompleted ? null
        : operation > IoOperation.Write ? 0
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
        if (IsCompleted)
            SubmitCompletedTo(client, notification);
        else if (operation == IoOperation.Read)
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
        if (IsCompleted)
            SubmitCompletedTo(reactor, notification);
        else if (operation == IoOperation.Read)
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

    private void SubmitCompletedTo(DmIoClient client, Notification notification)
    {
        switch (operation, IsOfOne)
        {
            case (IoOperation.Read, _):
                client.SubmitRead(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Write, true):
                client.SubmitWrite(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Write, false):
                client.SubmitWrite(regions, buffer, Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Flush, true):
                client.SubmitFlush(regions[0], Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Flush, false):
                client.SubmitFlush(regions, Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Discard, true):
                client.SubmitDiscard(regions[0], Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Discard, false):
                client.SubmitDiscard(regions, Notification.Completed, notification, notification.Tag, options);
                break;
            case (_, true):
                client.SubmitWriteZeroes(regions[0], Notification.Completed, notification, notification.Tag, options);
                break;
            default:
                client.SubmitWriteZeroes(regions, Notification.Completed, notification, notification.Tag, options);
                break;
        }
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

    private void SubmitCompletedTo(IoReactor reactor, Notification notification)
    {
        switch (operation, IsOfOne)
        {
            case (IoOperation.Read, _):
                reactor.SubmitRead(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Write, true):
                reactor.SubmitWrite(regions[0], buffer, Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Write, false):
                reactor.SubmitWrite(regions, buffer, Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Flush, true):
                reactor.SubmitFlush(regions[0], Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Flush, false):
                reactor.SubmitFlush(regions, Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Discard, true):
                reactor.SubmitDiscard(regions[0], Notification.Completed, notification, notification.Tag, options);
                break;
            case (IoOperation.Discard, false):
                reactor.SubmitDiscard(regions, Notification.Completed, notification, notification.Tag, options);
                break;
            case (_, true):
                reactor.SubmitWriteZeroes(regions[0], Notification.Completed, notification, notification.Tag, options);
                break;
            default:
                reactor.SubmitWriteZeroes(regions, Notification.Completed, notification, notification.Tag, options);
                break;
        }
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
