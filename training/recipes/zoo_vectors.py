"""The pose models of the zoo that look at pixels: c1-net, c2-net, c-resnet, and pooled forms."""

from collections.abc import Callable
from dataclasses import replace

import keras

from training.fit import Schedule
from training.networks.vector_nets import c1_net, c2_net, c_resnet
from training.zoo.card import ZooCard
from training.zoo.rotation_evaluation import POSED
from training.zoo.vector_recipe import VectorZooRecipe

_STEPS = 1005  # 5,364 pictures, six times each, in batches of 32

C1_NET = VectorZooRecipe(
    name="c1-net",
    network=lambda _imagenet: c1_net(),
    schedule=Schedule(epochs=50, steps_per_epoch=_STEPS, learning_rate=1e-4, method="adam"),
    shares={
        "w300_3d": 0.25,
        "w300_lp": 0.25,
        "aflw2000_3d_68": 0.15,
        "w300": 0.2,
        "renders": 0.3,
        "pointing04": 0.1,
        "pointing04-folder": 0.1,
    },
    tests=POSED,
    about=ZooCard(
        "Head rotation from a 224-pixel crop: three convolutions, and the rotation vector read off "
        "the whole map.",
        (
            "It learnt what solvePnP says of the crop's 68 points with one mean head and one "
            "camera: on rendered heads, whose rotation is known, 4.6 degrees off on average. "
            "Pointing'04, and rendered heads that the mean head does not fit, taught their own.",
            "In-plane turns beyond about 30 degrees were not trained.",
        ),
        "training/recipes/zoo_vectors.py",
        ("rotation",),
    ),
)
C2_NET = replace(
    C1_NET,
    name="c2-net",
    network=lambda _imagenet: c2_net(),
    # 50 epochs, then 30 more at a fifth of the rate.
    schedule=replace(C1_NET.schedule, epochs=80, phases=((50 / 80, 1.0), (30 / 80, 0.2))),
    about=replace(
        C1_NET.about,
        summary="Head rotation from a 224-pixel crop: eleven convolutions with batch "
        "normalisation, and the rotation vector read off the whole map.",
    ),
)


def _pooled(recipe: VectorZooRecipe, network: Callable[[bool], keras.Model]) -> VectorZooRecipe:
    """Whether it matters where on the map something is seen."""
    return replace(
        recipe,
        name=f"{recipe.name}-pooled",
        network=network,
        schedule=replace(recipe.schedule, learning_rate=1e-3),
        about=replace(
            recipe.about,
            summary=f"Head rotation from a 224-pixel crop: {recipe.name} that reads the rotation "
            "vector off the mean of its map, and learns ten times as fast.",
        ),
    )


C1_NET_POOLED = _pooled(C1_NET, lambda _imagenet: c1_net(pooled=True))
C2_NET_POOLED = _pooled(C2_NET, lambda _imagenet: c2_net(pooled=True))
C_RESNET = replace(
    C1_NET,
    name="c-resnet",
    network=c_resnet,
    schedule=replace(C1_NET.schedule, epochs=80),
    about=replace(
        C1_NET.about,
        summary="Head rotation from a 224-pixel crop: ResNet50, and the rotation vector read off "
        "its last map.",
    ),
    imagenet=True,
)
VECTOR_ZOO = (C1_NET, C1_NET_POOLED, C2_NET, C2_NET_POOLED, C_RESNET)
