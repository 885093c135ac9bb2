using System.Globalization;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>What a mirror promises, whatever happens to its legs but one.</summary>
public sealed class MirrorTrialTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task WhatWasAcknowledged_IsReadBack_AndLegsAreEqualAfterAResync(int quarter)
    {
        int seeds = int.Parse(Environment.GetEnvironmentVariable("DMIO_MIRROR_SEEDS") ?? "100", CultureInfo.InvariantCulture);
        int first = int.Parse(Environment.GetEnvironmentVariable("DMIO_MIRROR_FIRST_SEED") ?? "0", CultureInfo.InvariantCulture);
        for (int seed = first + quarter; seed < first + seeds; seed += 4)
        {
            await using MirrorTrial trial = new(seed);
            try
            {
                await trial.RunAsync();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}: {exception.Message}\n{trial.Story}", exception);
            }
        }
    }
}
