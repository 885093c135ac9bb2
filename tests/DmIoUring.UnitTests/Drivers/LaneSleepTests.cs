using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Drivers;

/// <summary>A lane that goes to sleep while somebody asks it for something.</summary>
public sealed class LaneSleepTests
{
    private const int Questions = 50_000;

    /// <summary>
    /// Each question meets the lane on its way to sleep at some other step. One that is lost is never answered, however long one waits; those
    /// that are asked one after the other would wake it, so each waits for its answer.
    /// </summary>
    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void WhateverIsAskedOfALane_IsAnswered_HoweverNearItIsToSleep(IoRingKind ring)
    {
        CallbackReporter reporter = new(handler: null);
        using PagePool pages = new();
        using RingSource rings = ring == IoRingKind.Workers ? new WorkerRingSource(threads: 1, refusal: null) : new KernelRingSource();
        Lane lane = new(rings, new DmIoOptions { Ring = ring }, pages, new RequestPool(reporter), index: 0);
        for (int i = 0; i < Questions; i++)
        {
            Task<IReadOnlyList<IoPendingRequest>> answer = lane.GetPendingRequestsAsync();
            Assert.True(answer.Wait(Notification.Limit), $"Question {i} was not answered within {Notification.Limit}.");
        }

        lane.Close();
        Assert.True(lane.Ended.Wait(Notification.Limit));
    }
}
