"""distances-mlp, faithful and repaired: head angles from the distances of 68 points."""

from dataclasses import replace

from training.fit import Schedule
from training.zoo.card import ZooCard
from training.zoo.distances_recipe import DistancesZooRecipe
from training.zoo.rotation_evaluation import POSED

DISTANCES_MLP = DistancesZooRecipe(
    name="distances-mlp",
    repaired=False,
    points_from="landmarks-68",
    # 6,288 faces, seven tenths of them, in batches of 32.
    schedule=Schedule(
        epochs=100, steps_per_epoch=138, learning_rate=1e-3, method="adam", patience=25
    ),
    sources=("points_and_angles", "w300_3d", "w300_lp", "w300", "renders"),
    tests=("points_and_angles", *POSED),
    about=ZooCard(
        "Head rotation from the 2,278 distances of 68 points, by two small dense layers; the "
        "points are those that landmarks-68 finds in the crop.",
        (
            "Distances stay what they are when the picture is turned, so roll cannot be learnt "
            "from them, and they grow with the face: a looser box is read as another pose.",
            "Trained on labelled points, served on those of landmarks-68, whose errors it has not "
            "met.",
        ),
        "training/recipes/zoo_distances.py",
        ("points", "rotation"),
    ),
)
DISTANCES_MLP_REPAIRED = replace(
    DISTANCES_MLP,
    name="distances-mlp-repaired",
    repaired=True,
    about=replace(
        DISTANCES_MLP.about,
        summary="Head rotation from the distances of 68 points over that of the outer eye corners, "
        "and the angle of the line between these; otherwise distances-mlp. Repaired: roll and the "
        "size of the face.",
        limits=(
            "Of a face in profile the outer eye corners nearly fall together, and all that is "
            "divided by their distance becomes large.",
            DISTANCES_MLP.about.limits[1],
        ),
    ),
)
DISTANCES_ZOO = (DISTANCES_MLP, DISTANCES_MLP_REPAIRED)
